"""Makes wrong requests of right ones, by a seed: in the path, the query, the headers, the body."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from urllib.parse import quote

from tests.wires.fuzz.jsons import Json, junk, mutated, written
from tests.wires.fuzz.originals import Original
from tests.wires.fuzz.raw import Reading, Request

METHODS = (b"GET", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"HEAD", b"TRACE")

SEGMENTS = (
    *(b"", b".", b"..", b"%00", b"%ff", b"%2f", b"%2F..%2f", b"%", b"%zz", b"%ed%a0%80", b"%25"),
    *(b"a" * 3000, b"\xc3\xa9", b"\xff", b";a=b", b"t-1", b"default", b"nobody", b"%F0%9F%99%82"),
    *(b"__proto__", b"*", b"[", b"a:b@c", b"%0d%0a", b"%20", b"agent", b"threads", b"info"),
)
VALUES = (
    *(b"", b"0", b"-1", b"1", b"9" * 5000, b"1" * 4301, b"%C2%B2", b"%D9%A3", b"1e3", b"0x1"),
    *(b"NaN", b"inf", b"inf/x", b"nan/t", b"-inf/", b"1e999/t", b"1_0", b"/", b".", b"%", b"%00"),
    *(b"%ff", b"a.1", b"a." + b"9" * 5000, b"0." + b"9" * 40, b"+", b"&&&", b"a=b=c", b"true"),
    *(b"%22", b"%7B%7D", b"[" * 2000, b"%5B" * 300, b"null", b"12", b"x" * 3000, b"1764168000/"),
)
TEXTS = (
    *(
        b"",
        b"*",
        b"*/*",
        b",",
        b";",
        b"q=",
        b"null",
        b"0",
        b"-1",
        b"x" * 3000,
        b"\xff\xfe",
        b"\xc3",
    ),
    *(b"http://[::1", b"http://", b"://", b"http://a b", b"http://x:99999", b"http://[v1.x]/"),
    *(b"text/html;q=abc", b"*/*;q=1e9", b"application/json;q=" + b"9" * 500, b"a/b;q=-1, */*;q=0"),
    *(b"text/event-stream", b"multipart/mixed;deferSpec=x", b"application/json; charset=utf-16"),
    *(b"application/json; charset=nonsense", b"text/plain", b"multipart/form-data", b"gzip"),
    *(
        b"1.0",
        b"0.3",
        b"1.",
        b"1.0.x",
        b"a.1",
        b"0." + b"9" * 40,
        b"." * 50,
        b"9" * 5000,
        b"a." + b"1" * 5000,
        b"\t",
        b"a\tb",
    ),
    *(
        b"Bearer x",
        b"Basic \xff",
        b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01",
        b"[",
        b"localhost",
    ),
    *(b"http://evil.test", b"evil.test", b"same-origin", b"cross-site", b"null", b"127.0.0.1:80"),
)
HEADERS = (
    *(b"accept", b"content-type", b"origin", b"host", b"last-event-id", b"x-request-id", b"cookie"),
    *(
        b"traceparent",
        b"tracestate",
        b"authorization",
        b"referer",
        b"content-encoding",
        b"content-length",
    ),
    *(b"x-copilotcloud-public-api-key", b"access-control-request-method", b"x-forwarded-for"),
    *(b"access-control-request-headers", b"sec-fetch-site", b"accept-encoding", b"range"),
    *(b"if-none-match", b"if-modified-since", b"if-range", b"forwarded", b"x-forwarded-proto"),
    *(b"sec-fetch-mode", b"sec-fetch-dest", b"sec-websocket-protocol", b"upgrade", b"connection"),
    *(b"a2a-version", b"a2a-extensions"),
)
"""Those that this server or the frameworks below it read, and some that proxies set."""

JSON_TYPE = b"application/json"


@dataclass(slots=True)
class _Draft:
    """A request that is being damaged."""

    method: bytes
    segments: list[bytes]
    query: list[tuple[bytes, bytes]]
    headers: list[tuple[bytes, bytes]]
    json: Json | None
    body: bytes
    reading: Reading
    short_by: int = 0


class Mutator:
    """Draws originals and damages them. The same seed gives the same requests."""

    def __init__(self, seed: int | str, originals: Sequence[Sequence[Original]]) -> None:
        self._random = Random(seed)
        self._originals = originals

    def request(self) -> Request:
        """The next request; one in twelve is a valid one."""
        random = self._random
        original = random.choice(random.choice(self._originals))
        draft = _drafted(original)
        for _ in range(random.choice((0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 4))):
            random.choice(self._ways(draft))(random, draft)
        return _finished(draft)

    def _ways(self, draft: _Draft) -> Sequence[Callable[[Random, _Draft], None]]:
        """What can be damaged; bodies are where most is read."""
        about_body = _BODY if draft.body or draft.json is not None else _NO_BODY
        return (*_HEAD, *about_body, *(_QUERY * 3 if draft.query else _QUERY))


def _drafted(original: Original) -> _Draft:
    headers = {"host": "127.0.0.1", "content-type": "application/json", **original.headers}
    is_bytes = isinstance(original.body, bytes)
    return _Draft(
        original.method.encode(),
        [quote(part).encode() for part in original.path.split("/")[1:]],
        [(quote(key).encode(), quote(value).encode()) for key, value in original.query],
        [(key.encode(), value.encode()) for key, value in headers.items()],
        None if is_bytes else original.body,
        original.body if isinstance(original.body, bytes) else b"",
        Reading.FIRST if original.endless else Reading.WHOLE,
    )


def _finished(draft: _Draft) -> Request:
    body = draft.body if draft.json is None else written(draft.json)
    path = b"/" + b"/".join(draft.segments)
    query = b"&".join(key + b"=" + value for key, value in draft.query)
    target = path + b"?" + query if query else path
    lines = [b"%b %b HTTP/1.1" % (draft.method, target)]
    lines += [b"%b: %b" % header for header in draft.headers]
    if body or draft.method not in (b"GET", b"HEAD"):
        lines.append(b"content-length: %d" % (len(body) + draft.short_by))
    reading = draft.reading
    if any(word in body + query for word in _ENDLESS):
        reading = Reading.FIRST
    if draft.short_by:
        reading = Reading.CUT
    return Request(b"\r\n".join(lines) + b"\r\n\r\n", body, reading)


_ENDLESS = (b"runEvents", b"threadUpdated", b"stubborn")


def _method(random: Random, draft: _Draft) -> None:
    draft.method = random.choice(METHODS)


def _segment(random: Random, draft: _Draft) -> None:
    draft.segments[random.randrange(len(draft.segments))] = random.choice(SEGMENTS)


def _longer(random: Random, draft: _Draft) -> None:
    place = random.randrange(len(draft.segments) + 1)
    draft.segments.insert(place, random.choice((b"", b"", random.choice(SEGMENTS))))


def _shorter(random: Random, draft: _Draft) -> None:
    if len(draft.segments) > 1:
        del draft.segments[random.randrange(len(draft.segments))]


def _header(random: Random, draft: _Draft) -> None:
    name, value = random.choice(HEADERS), random.choice(TEXTS)
    if name == b"content-length":
        name = b"x-content-length"  # the framing of requests is the server's below us
    others = [each for each in draft.headers if each[0] != name or random.random() < 0.1]
    draft.headers = [*others, (name, value)]


def _no_header(random: Random, draft: _Draft) -> None:
    gone = random.choice(draft.headers or [(b"", b"")])
    draft.headers = [each for each in draft.headers if each is not gone]


def _value(random: Random, draft: _Draft) -> None:
    known = [key for key, _ in draft.query] or [b"limit", b"cursor", b"query", b"variables"]
    key = random.choice(known)
    others = [each for each in draft.query if each[0] != key or random.random() < 0.2]
    draft.query = [*others, (key, random.choice(VALUES))]


def _key(random: Random, draft: _Draft) -> None:
    draft.query = [*draft.query, (random.choice(VALUES), random.choice(VALUES))]


def _in_json(random: Random, draft: _Draft) -> None:
    if draft.json is not None:
        draft.json = mutated(random, draft.json)
    else:
        _in_bytes(random, draft)


def _in_query_text(random: Random, draft: _Draft) -> None:
    """Damage a GraphQL document, if the body has one, by a few of its characters."""
    text = draft.json.get("query") if isinstance(draft.json, dict) else None
    if not isinstance(text, str):
        _in_json(random, draft)
        return
    assert isinstance(draft.json, dict)
    place = random.randrange(len(text) + 1)
    changed = text[:place] + random.choice(_PIECES) + text[place + random.randrange(12) :]
    draft.json = {**draft.json, "query": changed}


_PIECES = (
    *(
        "",
        "",
        "{",
        "}",
        "(",
        ")",
        "@",
        "$",
        "...",
        '"',
        '"""',
        "\x00",
        "\ud800",
        "on X",
        "a: ",
        "!",
    ),
    *("@stream", "@defer", "@stream(initialCount: -1)", '@stream(label: "x")', "@skip(if: $x)"),
    *("{__typename ", "__schema{types{name}}", "fragment F on X{a}", "9" * 400, "#", "\ufeff", "&"),
    *(
        "{a" * 40,
        '"\\ud83d"',
        "$first: Int = 99999999999",
        "query Q{hello}",
        "mutation",
        "e5",
        "...",
    ),
)


def _in_bytes(random: Random, draft: _Draft) -> None:
    body = draft.body if draft.json is None else written(draft.json)
    draft.json, draft.body = None, random.choice(_DAMAGES)(random, body)


def _flipped(random: Random, body: bytes) -> bytes:
    if not body:
        return b"\xff"
    place = random.randrange(len(body))
    return body[:place] + bytes([random.randrange(256)]) + body[place + 1 :]


_DAMAGES: Sequence[Callable[[Random, bytes], bytes]] = (
    _flipped,
    _flipped,
    lambda random, body: body[: random.randrange(len(body) + 1)],
    lambda random, body: body + random.choice((b"}", b"\x00", b" ", b"garbage", body)),
    lambda random, body: b"\xef\xbb\xbf" + body,
    lambda random, body: body.decode("utf-8", "replace").encode("utf-16"),
    lambda random, body: gzip.compress(body, 1),
    lambda random, body: b"",
    lambda random, body: written(junk(random)),
    lambda random, body: random.randbytes(200),
)


def _zipped(random: Random, draft: _Draft) -> None:
    body = draft.body if draft.json is None else written(draft.json)
    draft.json, draft.body = None, gzip.compress(body, 1)
    draft.headers = [*draft.headers, (b"content-encoding", b"gzip")]


def _cut(random: Random, draft: _Draft) -> None:
    draft.short_by = random.randint(1, 100)


def _other_body(random: Random, draft: _Draft) -> None:
    draft.json = mutated(random, {"query": "{hello}", "method": "info", "threadId": "t-1"})


_HEAD = (_method, _segment, _segment, _longer, _shorter, _header, _header, _header, _no_header)
_QUERY = (_value, _key)
_BODY = (
    *(_in_json, _in_json, _in_json, _in_json, _in_json, _in_json, _in_json, _in_json),
    *(_in_query_text, _in_query_text, _in_query_text, _in_bytes, _in_bytes, _zipped, _cut),
)
_NO_BODY = (_in_bytes, _other_body)
