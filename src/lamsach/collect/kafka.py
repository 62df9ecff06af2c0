"""Kafka topics: each partition is a separate source, each message a line (line feeds as `#012`).

The offset of a partition is in the spool with its lines, as for a followed file, and reading continues from
it: each message is archived once, regardless of the broker's state. Offsets are committed to the broker after
the spool is synced, so that its own tools show the collector's progress, and another group member starts no
later than that.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lamsach.collect.streams import Stream
from lamsach.collect.syslog_frames import one_line
from lamsach.errors import InputError, LamsachError, UsageError
from lamsach.i18n import mark
from lamsach.runtime.extras import missing_extra

_BATCH = 5000
_POLL_S = 0.5
_STORE_BYTES = 1 << 20
_WATERMARK_S = 10.0
_COMMIT_S = 1.0
_NEXT = "next"
"""Key of a place: the offset of the following message."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """Topics, brokers (`host:port,host:port`) and consumer group.

    `more`: further settings of librdkafka (TLS, SASL).
    """

    servers: str
    topics: tuple[str, ...]
    group: str = "lamsach"
    more: Mapping[str, str] = field(default_factory=dict)


def consumer_of(subscription: Subscription) -> Any:
    """Create a consumer that is not yet subscribed.

    Raises MissingExtraError, and UsageError for a wrong setting.
    """
    try:
        from confluent_kafka import Consumer, KafkaException
    except ImportError:
        raise missing_extra("confluent_kafka") from None
    settings = {
        **subscription.more,
        "bootstrap.servers": subscription.servers,
        "group.id": subscription.group,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "earliest",
        "queued.max.messages.kbytes": 32768,
    }
    try:
        return Consumer(settings)
    except (KafkaException, TypeError, ValueError) as error:
        raise UsageError(
            mark("The settings for Kafka are wrong."), str(error), mark("See librdkafka's list of settings.")
        ) from None


class KafkaReader:
    """Reader of topics until `stopping` is set. `stream_for`: the stream of a kind and a name."""

    def __init__(
        self,
        consumer: Any,
        topics: Sequence[str],
        stream_for: Callable[[str, str], Stream],
        on_problem: Callable[[LamsachError], None],
        stopping: threading.Event,
    ) -> None:
        self._consumer = consumer
        self._topics = list(topics)
        self._stream_for = stream_for
        self._on_problem = on_problem
        self._stopping = stopping
        self._dirty: dict[tuple[str, int], Stream] = {}

    def run(self) -> None:
        """Read until stopped."""
        from confluent_kafka import KafkaException

        committed = time.monotonic()
        try:
            self._consumer.subscribe(self._topics, on_assign=self._on_assign)
            while not self._stopping.is_set():
                try:
                    self._store(self._consumer.consume(_BATCH, _POLL_S))
                except KafkaException as error:
                    self._report_error(error)
                    self._stopping.wait(1.0)
                if time.monotonic() - committed >= _COMMIT_S:
                    committed = time.monotonic()
                    self._commit(wait=False)
            self._commit(wait=True)
        except KafkaException as error:
            self._report_error(error)
        finally:
            self._consumer.close()

    def _report_error(self, error: object) -> None:
        self._on_problem(InputError(mark("Kafka reports an error."), str(error)))

    def _stream(self, topic: str, partition: int) -> Stream:
        return self._stream_for("kafka", f"{topic}/{partition}")

    def _on_assign(self, consumer: Any, partitions: list[Any]) -> None:
        """Continue at the spool's offset, or else at the group's."""
        for item in partitions:
            stream = self._stream(item.topic, item.partition)
            known = stream.place.get(_NEXT)
            if not isinstance(known, int):
                continue
            if known > consumer.get_watermark_offsets(item, timeout=_WATERMARK_S)[1]:
                problem = mark("A Kafka topic was recreated; it is read from its beginning.")
                self._on_problem(InputError(problem, f"{item.topic}/{item.partition}"))
                stream.place = {}
                item.offset = 0
            else:
                item.offset = known
        consumer.assign(partitions)

    def _store(self, messages: Sequence[Any]) -> None:
        batches: dict[tuple[str, int], list[Any]] = {}
        for message in messages:
            error = message.error()
            if error is None:
                batches.setdefault((message.topic(), message.partition()), []).append(message)
            else:
                self._report_error(error)
        for (topic, partition), batch in batches.items():
            self._store_batch(topic, partition, batch)

    def _store_batch(self, topic: str, partition: int, batch: Sequence[Any]) -> None:
        stream = self._stream(topic, partition)
        first = stream.place.get(_NEXT, 0)
        parts: list[bytes] = []
        size = offset = 0
        for message in batch:
            if message.offset() < first:
                continue  # already in the spool
            line = one_line(message.value() or b"")
            offset = message.offset() + 1
            if line:
                parts.append(line + b"\n")
                size += len(line) + 1
            if size > _STORE_BYTES:
                if not self._store_lines(topic, partition, b"".join(parts), offset):
                    return
                parts, size = [], 0
        if parts:
            self._store_lines(topic, partition, b"".join(parts), offset)

    def _store_lines(self, topic: str, partition: int, lines: bytes, following: int) -> bool:
        """Return whether lines were stored.

        Waits while storing fails; after a requested end, the next run reads them again.
        """
        stream = self._stream(topic, partition)
        while True:
            try:
                stream.take(lines, {_NEXT: following})
                self._dirty[topic, partition] = stream
                return True
            except LamsachError as error:
                self._on_problem(error)
                if self._stopping.wait(1.0):
                    return False

    def _commit(self, *, wait: bool) -> None:
        """Commit to the broker the offsets that are durable in the spool."""
        from confluent_kafka import KafkaException, TopicPartition

        synced = []
        for (topic, partition), stream in list(self._dirty.items()):
            offset = int(stream.place[_NEXT])
            try:
                stream.sync()
            except LamsachError as error:
                self._on_problem(error)
                continue
            synced.append(TopicPartition(topic, partition, offset))
            del self._dirty[topic, partition]
        if synced:
            try:
                self._consumer.commit(offsets=synced, asynchronous=not wait)
            except KafkaException as error:
                self._report_error(error)
