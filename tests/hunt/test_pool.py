"""The buffers of chunks: how many there are, and whose they are."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from lamsach.hunt.chunks import Buffer, Pool


def test_there_are_no_more_buffers_than_were_asked_for_and_none_before_it_is_needed() -> None:
    pool = Pool(2, 64)
    first = pool.get()
    pool.put(first)
    assert pool.get() is first
    second = pool.get()
    assert second is not first
    assert pool.empty()
    with ThreadPoolExecutor(1) as other:
        waiting = other.submit(pool.get)
        pool.put(second)
        assert waiting.result(10) is second


def test_each_thread_gets_back_the_buffer_that_it_filled_last() -> None:
    pool = Pool(5, 64)
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as two:

        def taken(thread: ThreadPoolExecutor) -> Buffer:
            return thread.submit(pool.get).result(10)

        ours, theirs = taken(one), taken(two)
        for first, second in ((ours, theirs), (theirs, ours)):
            pool.put(first)
            pool.put(second)
            assert taken(one) is ours
            assert taken(two) is theirs


def test_a_thread_without_one_takes_what_is_free_before_a_new_one_is_made() -> None:
    pool = Pool(5, 64)
    theirs = pool.get()
    pool.put(theirs)
    with ThreadPoolExecutor(1) as other:
        assert other.submit(pool.get).result(10) is theirs
