"""Cuts secrets out of what other servers send: the keys that we know, and what looks like one.

Whatever of a provider's or a server's text goes to a client or into the log passes here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from agui_runtime.core.jsontext import with_texts
from agui_runtime.core.terminal_text import safe

HIDDEN = "[hidden]"

_MASKED = re.compile(r"[^\s'\"`,;()<>]*(?:\*{2,}|\.{2,}|…|x{4,}|X{4,})[^\s'\"`,;()<>]*")
_MASK = re.compile(r"\*{2,}|\.{2,}|…|x{4,}|X{4,}")
_SHORTEST = 6
"""A shorter key is a placeholder for a server that wants none, and a word like any other."""
_HEAD, _TAIL = 8, 4

_LOOKS_LIKE_A_KEY = re.compile(
    r"(?:bearer|basic)\s+(?=\S*\d|\S{16})[\w.~+/=*-]+"
    r"|\b(?:sk|pk|rk|gsk|xai|hf|pplx|nvapi|org|proj|sess|ghp)[-_](?:[\w*…-]|\.+(?=[\w*]))+"
    r"|\bAIza[\w-]{8,}"
    r"|\beyJ[\w-]{8,}(?:\.[\w-]+)*"
    r"|\b(?=\w*\d)\w{32,}\b"
    # From the beginning of a word alone: from each of its letters it would take forever.
    r"|(?:(?<![^\s'\"])[^\s'\"]*)?\*{3,}[^\s'\"]*",
    re.I,
)
_URL_LOGIN = re.compile(r"\b([a-z][a-z\d+.-]{1,30}://)[^/\s]*@", re.I)
_URL_QUERY = re.compile(r"\b([a-z][a-z\d+.-]{1,30}://[^\s?#]{1,2000})[?#]\S*", re.I)
_PARAMETER = re.compile(
    r"([?&;][^=&;?\s#'\"]{0,60}"
    r"(?:token|key|auth|secret|pass|pwd|credential|jwt|signature|session|cookie|ticket|code|otp)"
    r"[^=&;?\s#'\"]{0,60}=)[^&;\s#'\"]+",
    re.I,
)
_KEY_AS_VALUE = re.compile(
    r"([?&;][^=&;?\s#'\"]{1,60}=)(?:eyJ|(?:sk|pk|rk|gh[pos])[-_])[^&;\s#'\"]+"
)

_LONGEST_READ = 100_000
"""What is longer is cut before it is looked through."""

_KEY_IN_PATH = re.compile(r"(?=[^/]*[0-9])(?=[^/]*[A-Za-z])[^/]{16,}")
"""A segment of a URL's path that may be a key: some servers have theirs there."""

_LONGEST_SHOWN, _LONGEST_PATH = 300, 200


class Secrets:
    """The keys of one agent.

    Providers echo keys as they are, masked in their middle (`sk-...abcd`), or cut off after their
    beginning.
    """

    def __init__(self, keys: Iterable[str] = ()) -> None:
        self._keys = tuple(key for key in keys if len(key) >= _SHORTEST)

    def cut(self, text: str) -> str:
        """The text without them."""
        for key in self._keys:
            text = text.replace(key, HIDDEN)
            text = _MASKED.sub(lambda found, key=key: _unless_of(key, found[0]), text)  # type: ignore[misc]
            if len(key) > 2 * _HEAD:
                text = re.sub(re.escape(key[:_HEAD]) + r"[\w.*-]*", HIDDEN, text)
                text = re.sub(rf"(?<![\w-]){re.escape(key[-_TAIL:])}(?![\w-])", HIDDEN, text)
        return text

    def cut_all(self, value: object) -> object:
        """The JSON value without them."""
        cut: object = with_texts(value, self.cut)
        return cut


NO_SECRETS = Secrets()


def secrets_of(api_key: str, headers: Iterable[tuple[str, str]]) -> Secrets:
    """The key, and what is one among the headers."""
    named = (value for name, value in headers if re.search(r"key|token|auth|secret", name, re.I))
    return Secrets([api_key, *(part for value in named for part in value.split())])


def redact(text: str, longest: int = _LONGEST_SHOWN) -> str:
    """One line without keys, tokens, organisations, or logins and queries of URLs, and without
    what a terminal would obey.
    """
    line = safe(" ".join(text[:_LONGEST_READ].split()))
    line = _URL_QUERY.sub(r"\1", _URL_LOGIN.sub(r"\1", line))
    line = _LOOKS_LIKE_A_KEY.sub(HIDDEN, line)
    return line if len(line) <= longest else line[: longest - 1] + "…"


def holds_secret(text: str) -> bool:
    """Whether something in it looks like a key, a token, or a login in a URL."""
    keys = (found[0] for found in _LOOKS_LIKE_A_KEY.finditer(text))
    if any(any(map(str.isdigit, key)) for key in keys):
        return True
    return any(each.search(text) for each in (_URL_LOGIN, _PARAMETER, _KEY_AS_VALUE))


def redact_urls(text: str) -> str:
    """The text without logins of URLs, and without what is a secret in their queries, by its name
    or as it looks.
    """
    text = _URL_LOGIN.sub(r"\1", text)
    return _KEY_AS_VALUE.sub(rf"\1{HIDDEN}", _PARAMETER.sub(rf"\1{HIDDEN}", text))


def redact_path(path: str) -> str:
    """The path of a URL without what may be a key."""
    return _KEY_IN_PATH.sub(HIDDEN, path)[:_LONGEST_PATH]


def _unless_of(key: str, masked: str) -> str:
    """What stands for a masked word: itself, unless its ends are those of the key."""
    head, *_, tail = (part.strip(".") for part in _MASK.split(masked))
    starts = bool(head) and key.startswith(head)
    ends = len(tail) > 1 and key.endswith(tail)
    return HIDDEN if starts or ends else masked
