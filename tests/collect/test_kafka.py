"""Kafka topics into the archive, with the mock broker of librdkafka.

Each message once, through restarts and kills.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from lamsach.archive.archive import Archive
from lamsach.collect.kafka import KafkaReader, Subscription, consumer_of
from lamsach.collect.spool import Header, read_spool, spool_files
from lamsach.collect.streams import Stream
from lamsach.errors import LamsachError, OutputError, UsageError
from tests.poll import until

from .test_service import PATIENCE_S, collecting, lines

kafka = pytest.importorskip("confluent_kafka")
TOPIC = "firewall"


class Broker:
    """Broker in this process, on loopback, alive as long as its producer."""

    def __init__(self) -> None:
        self._producer: Any = kafka.Producer({"test.mock.num.brokers": 1, "bootstrap.servers": "none"})
        brokers = self._producer.list_topics(timeout=PATIENCE_S).brokers
        self.servers = ",".join(f"{item.host}:{item.port}" for item in brokers.values())

    def send(self, *values: str, partition: int = 0) -> None:
        for value in values:
            self._producer.produce(TOPIC, value.encode(), partition=partition)
        assert self._producer.flush(PATIENCE_S) == 0

    def committed(self, group: str) -> int:
        consumer = kafka.Consumer({"bootstrap.servers": self.servers, "group.id": group})
        try:
            [found] = consumer.committed([kafka.TopicPartition(TOPIC, 0)], timeout=PATIENCE_S)
            return int(found.offset)
        finally:
            consumer.close()


@pytest.fixture(scope="module")
def started() -> Broker:
    return Broker()


@pytest.fixture
def broker(started: Broker) -> Broker:
    """Start a broker with a topic of its own for each test."""
    global TOPIC
    TOPIC = f"firewall-{time.monotonic_ns()}"
    return started


def subscribed(broker: Broker) -> Subscription:
    """Subscribe with a new group: the mock broker waits 45 seconds for members of an abandoned one.

    The offset to continue from is known nevertheless.
    """
    return Subscription(broker.servers, (TOPIC,), f"lamsach-{time.monotonic_ns()}")


def counted(running: Any) -> int:
    return sum(item["lines"] for item in running.collector.status()["sources"])


def test_messages_are_archived_once_through_restarts(tmp_path: Path, broker: Broker) -> None:
    for run in range(2):
        broker.send(*(f"<13>run {run} message {number}" for number in range(50)))
        wanted = subscribed(broker)
        with collecting(tmp_path, kafka=wanted) as running:
            until(lambda: counted(running) == 50 * (run + 1))  # noqa: B023 - waited for here
    assert lines(tmp_path, "kafka*") == [
        f"<13>run {run} message {number}" for run in range(2) for number in range(50)
    ]
    assert broker.committed(wanted.group) == 100
    assert Archive(str(tmp_path / "archive")).segments()


class Reading:
    """Reader with its own spool, without a collector."""

    def __init__(self, folder: Path, broker: Broker, stream: Stream | None = None) -> None:
        header = Header("k", f"kafka/{TOPIC}/0", "kafka", "", 1)
        self.stream = stream or Stream(header, folder, lambda _spool: None)
        self.problems: list[LamsachError] = []
        self.stopping = threading.Event()
        wanted = subscribed(broker)
        self.group = wanted.group
        others = Stream(Header("o", "others", "kafka", "", 1), folder, lambda _spool: None)
        self.reader = KafkaReader(
            consumer_of(wanted),
            [TOPIC],
            lambda _kind, name: self.stream if name.endswith("/0") else others,
            self.problems.append,
            self.stopping,
        )
        self.thread = threading.Thread(target=self.reader.run, daemon=True)
        self.thread.start()

    def end(self) -> None:
        self.stopping.set()
        self.thread.join(PATIENCE_S)
        assert not self.thread.is_alive()


def test_the_spool_overrides_the_broker(
    tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A collector killed between the spool and the broker.

    The broker repeats messages that are in the spool.
    """
    monkeypatch.setattr(KafkaReader, "_commit", lambda *_, **__: None)
    broker.send("one", "two\nlines", "three")
    first = Reading(tmp_path, broker)
    until(lambda: first.stream.lines == 3)
    first.end()
    [path] = spool_files(tmp_path)
    spooled = read_spool(path)
    assert spooled is not None
    assert (spooled.raw, spooled.place) == (b"one\ntwo#012lines\nthree\n", {"next": 3})
    broker.send("four")
    stream = Stream(spooled.header, tmp_path, lambda _spool: None)
    stream.resume(spooled)
    second = Reading(tmp_path, broker, stream)
    until(lambda: stream.lines == 4)
    second.end()
    again = read_spool(path)
    assert again is not None
    assert again.raw == b"one\ntwo#012lines\nthree\nfour\n"
    assert first.problems == second.problems == []


def test_nothing_is_committed_that_is_not_in_the_spool(
    tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = threading.Event()
    full.set()
    take = Stream.take

    def taking(stream: Stream, text: bytes, place: Any = None) -> None:
        if full.is_set():
            raise OutputError("The disk is full.", "", "")
        take(stream, text, place)

    monkeypatch.setattr(Stream, "take", taking)
    broker.send("one", "two")
    reading = Reading(tmp_path, broker)
    until(lambda: reading.problems)
    assert broker.committed(reading.group) < 0
    full.clear()
    until(lambda: reading.stream.lines == 2)
    until(lambda: broker.committed(reading.group) == 2)
    reading.end()


def test_a_topic_that_was_made_anew_is_read_from_its_beginning(tmp_path: Path, broker: Broker) -> None:
    broker.send("one")
    header = Header("k", f"kafka/{TOPIC}/0", "kafka", "", 1)
    stream = Stream(header, tmp_path, lambda _spool: None)
    stream.place = {"next": 700}
    reading = Reading(tmp_path, broker, stream)
    until(lambda: stream.lines == 1)
    reading.end()
    assert len(reading.problems) == 1


def test_invalid_settings_are_refused() -> None:
    with pytest.raises(UsageError):
        consumer_of(Subscription("127.0.0.1:9", ("a",), more={"no.such.setting": "1"}))
