"""Buffers of chunks: their number and their owners."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from lamsach.hunt.chunks import Buffer, Pool


def test_there_are_no_more_buffers_than_requested_and_none_before_it_is_needed() -> None:
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
    with ThreadPoolExecutor(1) as first_thread, ThreadPoolExecutor(1) as second_thread:

        def buffer_of(thread: ThreadPoolExecutor) -> Buffer:
            return thread.submit(pool.get).result(10)

        one, other = buffer_of(first_thread), buffer_of(second_thread)
        for first, second in ((one, other), (other, one)):
            pool.put(first)
            pool.put(second)
            assert buffer_of(first_thread) is one
            assert buffer_of(second_thread) is other


def test_a_thread_without_a_buffer_gets_a_free_one_before_a_new_one() -> None:
    pool = Pool(5, 64)
    freed = pool.get()
    pool.put(freed)
    with ThreadPoolExecutor(1) as other:
        assert other.submit(pool.get).result(10) is freed
