"""Times in the spellings of logs."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.text.times.timestamps import from_epoch, from_iso, local_time, without_year

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "time"),
    [
        ("1587042596", utc(2020, 4, 16, 13, 9, 56)),
        ("1587042596.494", utc(2020, 4, 16, 13, 9, 56, 494000)),
        ("1587042596.4949999", utc(2020, 4, 16, 13, 9, 56, 494999)),
        ("1587042596.", utc(2020, 4, 16, 13, 9, 56)),
        (" 1587042596 ", utc(2020, 4, 16, 13, 9, 56)),
        (1587042596, utc(2020, 4, 16, 13, 9, 56)),
        (1587042596.5, utc(2020, 4, 16, 13, 9, 56, 500000)),
        ("1587042596494", utc(2020, 4, 16, 13, 9, 56, 494000)),
        ("1587042596494123", utc(2020, 4, 16, 13, 9, 56, 494123)),
        (1587042596494123456, utc(2020, 4, 16, 13, 9, 56, 494123)),
        ("1.587042596e9", utc(2020, 4, 16, 13, 9, 56)),
        (0, utc(1970, 1, 1)),
    ],
)
def test_epoch_by_magnitude(value, time):
    assert from_epoch(value) == time


@pytest.mark.parametrize(
    "value",
    [
        "",
        "-",
        "-1",
        "abc",
        "nan",
        "inf",
        "1e400",
        "9" * 60,
        "٣٣",
        "1.2.3",
        float("nan"),
        float("inf"),
        -5,
        10**30,
    ],
)
def test_invalid_epochs_are_refused(value):
    with pytest.raises(LineError):
        from_epoch(value)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-03-14T09:26:53Z", utc(2026, 3, 14, 9, 26, 53)),
        ("2026-03-14T09:26:53+07:00", utc(2026, 3, 14, 2, 26, 53)),
        ("2026-03-14T09:26:53.123456+0700", utc(2026, 3, 14, 2, 26, 53, 123456)),
        ("2026-03-14T09:26:53.123456789Z", utc(2026, 3, 14, 9, 26, 53, 123456)),
        ("2026-03-14T09:26:53,5Z", utc(2026, 3, 14, 9, 26, 53, 500000)),
        ("2026-03-14 09:26:53", utc(2026, 3, 14, 2, 26, 53)),
        ("2026/03/14 09:26:53", utc(2026, 3, 14, 2, 26, 53)),
        ("2026-03-14 09:26:53 +0000", utc(2026, 3, 14, 9, 26, 53)),
        ("2026-03-14 09:26:53 UTC", utc(2026, 3, 14, 9, 26, 53)),
        ("2026-03-14", utc(2026, 3, 13, 17)),
        ("2016-12-31T23:59:60Z", utc(2017, 1, 1)),
    ],
)
def test_iso_times_with_their_zone(text, time):
    assert from_iso(text, HANOI) == time


@pytest.mark.parametrize(
    "text",
    [
        "",
        "today",
        "2026-02-30T00:00:00",
        "2026-13-01 00:00:00",
        "2026-03-14T25:00:00",
        "20260314T092653",
        "0001-01-01T00:00:00+07:00",
        "2026-03-14T09:26:53" + "0" * 99,
    ],
)
def test_invalid_iso_times(text):
    with pytest.raises(LineError):
        from_iso(text, HANOI)


@given(st.text(max_size=60))
def test_iso_raises_only_line_errors(text):
    with contextlib.suppress(LineError):
        assert from_iso(text, HANOI).tzinfo is UTC


@given(st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)))
def test_iso_and_epoch_round_trip(time):
    time = time.replace(tzinfo=UTC)
    assert from_iso(time.isoformat(), HANOI) == time
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    assert from_epoch((time - epoch) // timedelta(microseconds=1) / 10**6) - time < timedelta(milliseconds=1)


def test_local_time_and_its_leap_second():
    assert local_time(2026, 1, 1, 6, 0, 0, 0, HANOI) == utc(2025, 12, 31, 23)
    assert local_time(2016, 12, 31, 23, 59, 60, 0, ZoneInfo("UTC")) == utc(2017, 1, 1)


@pytest.mark.parametrize(
    "parts", [(2026, 2, 30, 0, 0, 0), (2026, 1, 1, 24, 0, 0), (0, 1, 1, 0, 0, 0), (2026, 1, 1, 0, 61, 0)]
)
def test_local_time_refuses(parts):
    with pytest.raises(LineError):
        local_time(*parts, 0, HANOI)


@pytest.mark.parametrize(
    ("written", "parts", "time"),
    [
        (utc(2026, 1, 2), (12, 31, 23, 0, 0), utc(2025, 12, 31, 16)),  # across New Year
        (utc(2026, 1, 2), (1, 1, 8, 0, 0), utc(2026, 1, 1, 1)),
        (utc(2025, 12, 31, 20), (1, 1, 3, 0, 0), utc(2025, 12, 31, 20)),  # already New Year in Hanoi
        (
            utc(2025, 12, 31, 16, 59),
            (1, 1, 0, 30, 0),
            utc(2025, 12, 31, 17, 30),
        ),  # the file's time is earlier
        (
            utc(2026, 6, 1),
            (6, 3, 0, 0, 0),
            utc(2025, 6, 2, 17),
        ),  # more than a day after the file: last year's
        (utc(2026, 6, 1), (2, 29, 12, 0, 0), utc(2024, 2, 29, 5)),
    ],
)
def test_a_time_without_year_is_before_the_files_own(written, parts, time):
    assert without_year(*parts, FileContext(modified=written)) == time


def test_without_year_in_a_file_of_unknown_time_is_not_in_the_future():
    assert without_year(12, 31, 0, 0, 0, FileContext()) < datetime.now(UTC) + timedelta(days=1)


@pytest.mark.parametrize("parts", [(2, 30, 0, 0, 0), (13, 1, 0, 0, 0), (1, 1, 25, 0, 0), (0, 0, 0, 0, 0)])
def test_without_year_refuses(parts):
    with pytest.raises(LineError):
        without_year(*parts, FileContext(modified=utc(2026, 6, 1)))


@given(
    st.datetimes(datetime(2000, 1, 2), datetime(2090, 1, 1)),
    st.datetimes(datetime(2004, 1, 1), datetime(2004, 12, 31)),
)
def test_without_year_is_the_latest_that_fits(written, stated):
    written = written.replace(tzinfo=UTC)
    context = FileContext(modified=written, timezone=ZoneInfo("UTC"))
    time = without_year(stated.month, stated.day, stated.hour, stated.minute, stated.second, context)
    assert time <= written + timedelta(days=1)
    assert (time.month, time.day, time.hour, time.minute, time.second) == (
        stated.month,
        stated.day,
        stated.hour,
        stated.minute,
        stated.second,
    )
    if (stated.month, stated.day) != (2, 29):
        assert time.replace(year=time.year + 1) > written + timedelta(days=1)
