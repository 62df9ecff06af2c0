"""AdGuard Home's query log, one object a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.columns import check, cut, ipv4, kept, names, not_empty
from lamsach.logs.bulk.dns_answers import answers_of_messages
from lamsach.logs.bulk.features import Lines, groups_of
from lamsach.logs.bulk.groups import GroupReader
from lamsach.logs.bulk.heads import times
from lamsach.logs.bulk.json_table import leaves, table_of_objects, whole
from lamsach.logs.formats.dns.adguardhome import BLOCKING
from lamsach.logs.text.dns_names import question_name
from lamsach.logs.text.times.timestamps import from_iso
from lamsach.logs.text.values import ip_of
from lamsach.model import Action

if TYPE_CHECKING:
    import pyarrow as pa

_BEGIN = ('{"T":"', '{"IP":"')
_MARK = '"QH":"'
# 2026-06-10T16:29:19.123456789+07:00   2026-06-10T09:29:19Z
_MOMENT = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9](?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})$"
)
_SECOND, _OFFSET = len("2026-06-10T16:29:19"), len("+07:00")
Values = Mapping[str, "pa.Array"]


class QueryLog(GroupReader):
    """Questions with the time, the client and the whole answer."""

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """By whether something was filtered: other keys stand then."""
        told = Lines(lines)
        begins = told.begin_with(_BEGIN[0]) | told.begin_with(_BEGIN[1])
        return groups_of((told.has('"Result":{}'),), begins & told.has(_MARK) & whole(told))

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        import pyarrow as pa
        import pyarrow.compute as pc

        table = table_of_objects(data, count)
        if any("." in name for name in table.column_names):
            raise Unusual
        values = leaves(table)
        clients = _texts(values, "IP", count)
        clients = kept(clients, ipv4(clients), ip_of)
        asked = names(_texts(values, "QH", count), question_name)
        check(pc.or_(pc.is_valid(clients), pc.is_valid(asked)))
        blocked = _blocked(values, count)
        none = pa.scalar(None, pa.string())
        return {
            "time": self._moments(_texts(values, "T", count)),
            "source_ip": clients,
            "device_ip": clients,
            "device_name": _texts(values, "CID", count),
            "domain": asked,
            "answers": answers_of_messages(pc.if_else(blocked, none, _texts(values, "Answer", count))),
            "action": pc.if_else(blocked, Action.BLOCKED.value, Action.ALLOWED.value),
        }

    def _moments(self, texts: pa.Array) -> pa.Array:
        """The times, whose fractions have as many digits as they need."""
        import pyarrow as pa
        import pyarrow.compute as pc

        check(pc.match_substring_regex(texts, _MOMENT))
        zulu = pc.ends_with(texts, "Z")
        offsets = pc.if_else(zulu, "Z", cut(texts, -_OFFSET))
        whole = times(pc.binary_join_element_wise(cut(texts, 0, _SECOND), offsets, ""), self._second)
        rest = pc.if_else(zulu, cut(texts, _SECOND, -1), cut(texts, _SECOND, -_OFFSET))
        digits = pc.ascii_rpad(cut(rest, 1, 7), 6, "0")
        micro = pc.add(whole.cast(pa.int64()), digits.cast(pa.int64()))
        return micro.cast(pa.timestamp("us", "UTC"))

    def _second(self, text: str) -> datetime:
        return from_iso(text, self.context.timezone)


def _texts(values: Values, key: str, count: int) -> pa.Array:
    """The texts under a key; absent where they are empty."""
    import pyarrow as pa

    column = values.get(key)
    if column is None or pa.types.is_null(column.type):
        return pa.nulls(count, pa.string())
    if not pa.types.is_string(column.type):
        raise Unusual
    return not_empty(column)


def _blocked(values: Values, count: int) -> pa.Array:
    """Return whether the question was answered in place of the real server, to keep its asker away."""
    import pyarrow as pa
    import pyarrow.compute as pc

    told = [values.get(f"Result.{key}", pa.nulls(count)) for key in ("IsFiltered", "Reason")]
    if "Result" in values and values["Result"].null_count < count:
        raise Unusual
    for column, is_kind in zip(told, (pa.types.is_boolean, pa.types.is_integer), strict=True):
        if not pa.types.is_null(column.type) and not is_kind(column.type):
            raise Unusual
    filtered, reason = told[0].cast(pa.bool_()), told[1].cast(pa.int64())
    grave = pc.or_(pc.is_null(reason), pc.is_in(reason, pa.array(sorted(BLOCKING), pa.int64())))
    return pc.and_(pc.fill_null(filtered, False), grave)
