"""Reads one attachment of a user's message: its bytes, media type, charset, name and text. Pure."""

from __future__ import annotations

import base64
import codecs
import mimetypes
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias
from urllib.parse import unquote_to_bytes

from agui_runtime.core.jsontext import Json
from agui_runtime.core.message_parts import UNKNOWN_TYPE, USUAL_TYPES

Part: TypeAlias = Mapping[str, Json]

LONGEST_TEXT = 100_000
"""So many characters of a text are written out: about 25,000 tokens, with each message again."""

_LONGEST_BASE64 = 4 * LONGEST_TEXT // 3 * 4
"""The base64 of the most bytes that so many characters can have."""

PDF = "application/pdf"

_SAME = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "audio/mp3": "audio/mpeg",
    "audio/mpeg3": "audio/mpeg",
    "audio/x-mpeg": "audio/mpeg",
    "audio/wave": "audio/wav",
    "audio/x-wav": "audio/wav",
    "audio/x-pn-wav": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "application/x-pdf": PDF,
    "binary/octet-stream": UNKNOWN_TYPE,
    "": UNKNOWN_TYPE,
}
"""Other names of media types."""

_TEXTS = re.compile(
    r"text/.*|image/svg\+xml|.*\+(json|xml|yaml)"
    r"|application/(x-)?(json|jsonl|ndjson|json5|xml|yaml|toml|sql|graphql|javascript|ecmascript"
    r"|typescript|python|python-code|sh|shellscript|csh|perl|php|httpd-php|ruby|latex|tex|csv"
    r"|markdown|ipynb\+json|www-form-urlencoded)"
)
"""Media types of what can be read as it is."""

_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
"""Bytes that no text has."""

_ALPHABET = (string.ascii_letters + string.digits + "+/").encode()

_CHARSETS = re.compile(
    r"ascii|us-ascii|utf[-_]?(8|16|32)([-_]?(sig|le|be))?|iso[-_]?8859[-_]?\d+|latin[-_]?\d+"
    r"|(windows|cp)[-_]?\d+|koi8[-_][rut]|mac[-_]?roman|gbk?|gb2312|gb18030|big5(hkscs)?"
    r"|euc[-_](jp|kr)|shift[-_]jis|sjis|iso[-_]2022[-_](jp|kr)|tis[-_]620|viscii|hz",
    re.IGNORECASE,
)
"""Charsets of texts; Python knows others that only seem to be some, and some take for ever."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part of a message that is not text, whatever form it came in.

    `data` is base64 that can be decoded, `url` an address for others to open, `file_id` a file that
    the provider holds; at most one of them is there.
    """

    kind: str
    mime: str
    charset: str = ""
    name: str = ""
    data: str = ""
    url: str = ""
    file_id: str = ""

    @property
    def size(self) -> int:
        """Bytes of its data."""
        return len(self.data.rstrip("=")) * 3 // 4

    @property
    def text(self) -> str | None:
        """What it says, if it can be read as text; at most LONGEST_TEXT characters of it."""
        if not self.data:
            return None
        raw = base64.b64decode(_padded(self.data[:_LONGEST_BASE64]))
        if not (_TEXTS.fullmatch(self.mime) or (self._may_be_text and _seems_text(raw))):
            return None
        text = _decoded(raw, self.charset).replace("\x00", "")
        if len(text) <= LONGEST_TEXT and len(self.data) <= _LONGEST_BASE64:
            return text
        return f"{text[:LONGEST_TEXT]}\n[the rest was left out]"

    @property
    def _may_be_text(self) -> bool:
        """Code has types like application/x-anything, and browsers take TypeScript for video."""
        return self.mime.startswith("application/") or self.mime == "video/mp2t"

    def in_words(self) -> str:
        """Its text with its name, or what there is that nobody here could read."""
        text = self.text
        if text is None:
            return f"[attachment {self._about()} could not be passed to this model]"
        return f"[attachment {self._about()}]\n{text}\n[end of {self.name or 'the attachment'}]"

    def _about(self) -> str:
        if self.url:
            return f"{self.name} ({self.kind}, {self.url})" if self.name else self.url
        size = f", {_readable(self.size)}" if self.data else ""
        return f"{self.name or self.kind} ({self.mime}{size})"


def attachment_of(part: Part) -> Attachment:
    """What a part with a `source` holds; data that is no base64 counts as none."""
    source = part["source"]
    value, declared = str(source["value"]), str(source.get("mimeType") or "")
    where = source["type"]
    if value[:5].lower() == "data:":
        head, _, value = value[5:].partition(",")
        where, declared = "data", declared or head.removesuffix(";base64")
        if not head.endswith(";base64"):  # RFC 2397
            value = base64.b64encode(unquote_to_bytes(value.encode("utf-8", "replace"))).decode()
    name = _name(part)
    mime, charset = _media_type(declared, name, part["type"])
    found = Attachment(_kind(mime, part["type"]), mime, charset, name)
    fields = {"data": "data", "url": "url", "file": "file_id"}
    value = _base64(value) if where == "data" else value
    return replace(found, **{fields.get(where, "url"): value})


def _name(part: Part) -> str:
    metadata = part.get("metadata")
    name = metadata.get("filename") or metadata.get("name") if isinstance(metadata, dict) else ""
    return re.sub(r"[\s\[\]]+", " ", name).strip()[:200] if isinstance(name, str) else ""


def _media_type(declared: str, name: str, kind: str) -> tuple[str, str]:
    """The type without its parameters, and its charset; from the name where none is declared."""
    mime, _, parameters = declared.partition(";")
    mime = _SAME.get(mime.strip().lower(), mime.strip().lower())
    if mime == UNKNOWN_TYPE:
        guessed = mimetypes.guess_type(name)[0] or USUAL_TYPES.get(kind, UNKNOWN_TYPE)
        mime = _SAME.get(guessed, guessed)
    charset = re.search(r"charset=[\"']?([\w.:-]+)", parameters, re.IGNORECASE)
    return mime, charset[1] if charset else ""


def _kind(mime: str, declared: str) -> str:
    """`image`, `audio`, `video` or `document`; the media type knows better than the part."""
    kind = mime.partition("/")[0]
    return (
        kind
        if kind in USUAL_TYPES
        else declared
        if declared in USUAL_TYPES and mime == UNKNOWN_TYPE
        else "document"
    )


def _base64(value: str) -> str:
    """In its usual alphabet and without white space; "" for what is none. Padding that was left out
    stays so.
    """
    if _is_base64(_padded(value)):
        return value
    plain = "".join(value.split()).replace("-", "+").replace("_", "/")
    return plain if _is_base64(_padded(plain)) else ""


def _padded(value: str) -> str:
    missing = -len(value) % 4
    return value + "=" * missing if missing else value


def _is_base64(value: str) -> bool:
    """As `a2b_base64` finds it in strict mode, in a fifth of the time: pictures are large."""
    raw = value.encode("ascii", "replace")
    padding = raw.translate(None, _ALPHABET)
    fits = len(raw) % 4 == 0 and padding in (b"", b"=", b"==")
    return fits and raw.endswith(padding)


def _seems_text(raw: bytes) -> bool:
    if _CONTROLS.search(raw) or raw.startswith(b"%PDF"):
        return False
    return _decoded_as("utf-8", raw) is not None


def _decoded(raw: bytes, charset: str) -> str:
    """In the declared charset, or the one that its bytes show; undecodable bytes are replaced."""
    shown = next((name for mark, name in _MARKS if raw.startswith(mark)), "")
    for name in (shown, charset, "utf-8"):
        text = _decoded_as(name, raw) if name else None
        if text is not None:
            return text
    return raw.decode("cp1252", "replace")


def _decoded_as(charset: str, raw: bytes) -> str | None:
    """None where it is not in this charset; a character that is cut at the end is left out."""
    if not _CHARSETS.fullmatch(charset):
        return None
    try:
        return codecs.getincrementaldecoder(charset)().decode(raw)
    except (UnicodeDecodeError, LookupError):
        return None


def _readable(size: int) -> str:
    for unit in ("bytes", "KB", "MB"):
        if size < 1024 or unit == "MB":
            return f"{size:.0f} {unit}"
        size //= 1024
    return ""
