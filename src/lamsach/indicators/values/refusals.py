"""Reasons for refusing a value as an indicator, as whole sentences, and the error with such a reason."""

from __future__ import annotations

from lamsach.errors import LineError
from lamsach.model import IndicatorType

NOT_A_VALUE = "This is not an address, a domain name, a URL or a hash."
MENTIONED = "The value is in a sentence above the table: it is mentioned there, not listed."
REFERENCE = "The link is in a sentence or among references: it is for reading, not for hunting."
IN_SENTENCE = "The name is in a sentence and not a value of its own: it is mentioned there, not listed."
RECOMMENDED = (
    "The text recommends this or names its own side (a resolver to use, a partner, a contact): it "
    "is mentioned there, not listed."
)
SIGNATURE = "The name is in a letter's signature: it is mentioned there, not listed."
TITLE = "The name is in a title of the text: it is mentioned there, not listed."
MARGIN = "The value is in a page header or footer: it is mentioned there, not listed."
PICTURE = "The page is a picture without text: read it with --ocr, or look at it yourself."
HEAVY_PAGE = "The page draws far more than a page of text, so it is not read: look at it yourself."
CUT = (
    "The width of its column cuts this text, and how its lines belong together is not certain: "
    "look at the page, and enter the value yourself."
)
ROWS_WITHOUT_VALUE = "The table numbers these rows, and no value was read in them: look at the page."
ROWS_MISSING = "The table's numbers leave these rows out: look at the page."
PACKAGE = "This is the name of an app's package, not a domain name."
ALLOWED = "The list allows this value: it is an exception, not an indicator."
CONDITIONAL = "The rule blocks this value only under conditions that logs do not show."
REDIRECTED = "The list answers this name with an address of its own: that is a redirection, not a block."
DISABLED = "The list names this value but has it switched off."
UNREAD_RULE = "The rule names nothing that logs show."
YARA_ONLY = "The rule names no hash: it describes contents, which only a scan of files can find."
SEARCHED_FOR = (
    "The rule searches files for this text, which says nothing of machines that connect to it: "
    "decide yourself."
)
BENIGN = "The source calls this value benign."
OWN_CLIENT = "The rule is for machines of the own network, not for malicious addresses."
CONDITION = (
    "The pattern asks for more than this value (an order, a time or another condition), which is not checked."
)
VICTIM = (
    "This is the machine that the report calls infected or open, not the attacker: trace it to its "
    "owner instead."
)
NOT_LISTED = (
    "The document mentions this value apart from what it lists (in a note, a reference, a comment or a "
    "setting): it is not listed."
)
NOT_FOR_DETECTION = (
    "MISP marks this value as not meant for detection (to_ids is off): it is mentioned, not listed."
)
BESIDE = "This describes the listed value (its host, its own name at the provider) and is not listed itself."
CODE = "This is a name in program code, not a domain name."
CODE_HASH = "This number is a key or a licence code, not the hash of a file."
VERSION = "This is the version of a program, not an address."
OTHER_DIGEST = (
    "This is the fingerprint or number of something else than a file: of a certificate, a "
    "connection or a program's parts."
)
DETECTION = "This is what a scanner calls a threat, not a domain name."
WELL_KNOWN = "The name of a well-known service is mentioned in the text and not marked as malicious."
PRIVATE = "The address is private: it names a different machine in every network."
LOOPBACK = "The address is a loopback address: every machine has it."
LINK_LOCAL = "The address is link-local: it has no meaning outside one network segment."
MULTICAST = "The address is a multicast address: it names no single machine."
UNSPECIFIED = "The address is unspecified: it names no machine."
SHARED = (
    "The address is in the providers' shared space (100.64.0.0/10): it names a different machine "
    "in every network."
)
RESERVED = "The address is reserved: it cannot be met on the internet."
HOLDS_INTERNAL = "The network contains private or reserved addresses."
TOO_LARGE = "The network is too large: prefixes shorter than /8 (IPv4) or /16 (IPv6) are not accepted."
RANGE_BACKWARDS = "The range ends before it begins."
PUBLIC_SUFFIX = "The name is a public suffix: anybody's names are under it."
UNKNOWN_SUFFIX = "The name does not end in a top-level domain of the internet."
INTERNAL_NAME = "The name is internal: it names a different machine in every network."
FILE_FORM = (
    "The name of a file can be looked for in logs only when it ends in a word of plain letters or "
    "digits with an ending, such as update.exe."
)
KNOWN_PROGRAM = (
    "Files of this name belong to the system or to common programs: a hunt for the name would "
    "accuse every machine."
)
FILE_NAME = "This looks like the name of a file, not a domain name."
BAD_NAME = "The name breaks the rules for domain names."
BAD_URL = "The URL cannot be read."
URL_SCHEME = "The URL has a scheme that logs do not show."
EMAIL = "This is an e-mail address: logs of connections do not show it."
OTHER_HASH = "This kind of hash is not supported: only MD5, SHA-1 and SHA-256 are."
EMPTY_FILE = "This is the hash of an empty file."
WRONG_TYPE = "The value is not of the type that the list states."
UNSUPPORTED_TYPE = "Values of this type cannot be met in logs."
TOO_LONG = "The line is longer than 1 MiB."
BAD_RECORD = "The record is damaged."
UNREAD_PATTERN = "The pattern names no address, domain name, URL or hash."
INDEX = (
    "This is the index of a MISP feed: it holds digests of values; the event files next to it hold the "
    "values."
)
WITHDRAWN = "The source has withdrawn this indicator."
NEGATED = "The pattern says what must not be there, which is no indicator."

MAX_VALUE = 300
"""Maximum length of a refused value in the list of refusals."""


class Refused(LineError):  # noqa: N818 - reads as what it means where it is raised and yielded
    """A refused value.

    `reason` is one of this module's sentences; `type` and `value` are those recognized before the refusal
    (canonical), or None.
    """

    def __init__(
        self, reason: str, value: str | None = None, indicator_type: IndicatorType | None = None
    ) -> None:
        super().__init__(reason, value or "")
        self.reason = reason
        self.value = value
        self.type = indicator_type
