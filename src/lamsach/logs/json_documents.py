"""The objects of a JSON document, one after another, however large it is: of a list, of a list under one of the usual keys, or in no list at all."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import BinaryIO

_WRAPPERS = "hits|Records|records|value|values|data|events|Events|results|result|items|logs|Logs|entries|rows|alerts|Alerts|messages|response|detections|resources|queries"
# {"took":3,...,"hits":{"total":{"value":1},"hits":[{     {"Records": [ {     [ {     {"value":[{
# ... also {"header":{..},"flows":[{"IPV4_SRC_ADDR": of NetFlow collectors, but not Azure's nested {"flows":[{"rule":
LIST = re.compile(
    rf'"(?:(?:{_WRAPPERS})"\s{{0,200}}:\s{{0,200}}\[\s{{0,200}}(?=\{{)|flows"\s{{0,200}}:\s{{0,200}}\[\s{{0,200}}(?=\{{\s{{0,200}}"[A-Z0-9_]{{3,40}}"))'
)
BARE_LIST = re.compile(r"\s{0,200}\[\s{0,200}(?=\{)")
_STEP_BYTES = 1 << 16
_LONGEST_RECORD = 4 << 20


def is_azure_flow(text: str) -> bool:
    """Whether a JSON document's first characters are those of a flow log of Azure."""
    return '"flowTuples"' in text or '"NetworkSecurityGroupFlowEvent' in text or '"FlowLogFlowEvent"' in text


def records(stream: BinaryIO) -> Iterator[dict[str, object] | str]:
    """The objects of every list in the document, else those that follow each other; and the beginning of what cannot be read."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
    text = decoder.decode(stream.read(_STEP_BYTES))
    objects = json.JSONDecoder(parse_int=lambda digits: int(digits) if len(digits) <= 30 else digits)
    start = BARE_LIST.match(text) or LIST.search(text)
    position = start.end() if start else max(0, text.find("{"))
    while True:
        while position < len(text) and text[position] in ", \r\n\t":
            position += 1
        if text[position : position + 1] == "{":
            try:
                record, position = objects.raw_decode(text, position)
                yield record
                continue
            except (ValueError, RecursionError):
                if len(text) - position > _LONGEST_RECORD:
                    yield text[position : position + 500]
                    return
        elif position < len(text):  # the list has ended: another may follow
            following = LIST.search(text, position)
            if following:
                position = following.end()
                continue
            position = max(position, len(text) - 300)
        data = stream.read(_STEP_BYTES)
        more = decoder.decode(data, final=not data)
        if not data and not more:
            rest = text[position:].strip("]}, \r\n\t")
            if rest.startswith("{"):
                yield rest[:500]
            return
        text, position = text[position:] + more, 0
