"""Bearer tokens that an operator hands out: each stands for one owner of threads."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from agui_runtime.authentication.requests import IncomingRequest, bearer_token
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.events import Caller
from agui_runtime.core.keyword_arguments import explains_arguments
from agui_runtime.core.log_lines import logger_of

logger = logger_of(__name__)

SHORTEST = 16
"""Characters of a token; whoever guesses has to be slower than it is long."""

HASHED = "sha256:"
"""What a line's token begins with where it is a digest, in hexadecimal."""


class _Known(NamedTuple):
    """A token's digest, and the owner for whom it stands."""

    digest: bytes
    owner: str


@explains_arguments
class BearerTokens:
    """Knows callers by `Authorization: Bearer ...`. An owner may have several tokens, so that one
    can be replaced while another still works; a token belongs to one owner.

    `tokens` maps tokens, or their digests (`sha256:` and 64 hexadecimal digits), to owners. Raises
    Misconfigured for a token that is too short or that no header can hold.
    """

    def __init__(self, tokens: Mapping[str, str]) -> None:
        self._known = [_known(token, owner) for token, owner in tokens.items()]
        if not self._known:
            raise Misconfigured("tokens: give at least one")

    @classmethod
    def read(cls, path: str | Path) -> BearerTokens:
        """Those of a file, a line for each: `owner:token`, or `owner:sha256:...` as `hashed` makes
        it. Lines that begin with `#` are comments. Raises Misconfigured, naming file and line.
        """
        try:
            lines = Path(path).read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
            raise Misconfigured(f"{path}: {reason}") from None
        numbered = ((f"{path}, line {number}", line) for number, line in enumerate(lines, 1))
        return cls(_paired((where, line) for where, line in numbered if _says_something(line)))

    @classmethod
    def listed(cls, text: str, name: str) -> BearerTokens:
        """Those of a text with commas between them: `ann:token,bob:token`. Raises Misconfigured,
        naming the variable `name`, and no token.
        """
        parts = [part for part in text.split(",") if part.strip()]
        return cls(_paired((f"{name}, entry {number}", it) for number, it in enumerate(parts, 1)))

    def __call__(self, request: IncomingRequest) -> Caller | None:
        token = bearer_token(request)
        if token is None:
            return None
        digest = _digest(token)
        # All of them, so that the time taken does not depend on which one it is.
        owners = [each.owner for each in self._known if hmac.compare_digest(each.digest, digest)]
        if not owners:
            logger.info("a token was refused: nobody has it")
            return None
        return Caller(owners[0])


def hashed(token: str) -> str:
    """The token as a file may hold it, from which nobody can tell what it is."""
    return HASHED + _digest(token).hex()


def new_token() -> str:
    """A token that nobody can guess."""
    return secrets.token_urlsafe(32)


def _says_something(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _paired(lines: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for where, line in lines:
        owner, token = _split(where, line)
        try:
            _known(token, owner)
        except Misconfigured as error:
            raise Misconfigured(f"{where}: {error.message}") from None
        if found.setdefault(token, owner) != owner:
            raise Misconfigured(f"{where}: the same token already belongs to another owner")
    return found


def _split(where: str, line: str) -> tuple[str, str]:
    owner, _, token = line.strip().rpartition(":")
    if owner.endswith(f":{HASHED[:-1]}"):
        owner, token = owner.removesuffix(f":{HASHED[:-1]}"), HASHED + token
    if not owner.strip():
        raise Misconfigured(f"{where}: write it as owner:token")
    return owner.strip(), token.strip()


def _known(token: str, owner: str) -> _Known:
    if not owner:
        raise Misconfigured("a token must belong to an owner")
    if token.startswith(HASHED):
        if not _HEXADECIMAL.fullmatch(token.removeprefix(HASHED)):
            raise Misconfigured("after sha256: there must be 64 hexadecimal digits")
        return _Known(bytes.fromhex(token.removeprefix(HASHED)), owner)
    if not _TOKEN.fullmatch(token):
        raise Misconfigured("a token has letters, digits and -._~+/ alone (RFC 6750, 2.1)")
    if len(token) < SHORTEST:
        raise Misconfigured(f"a token needs at least {SHORTEST} characters, so that it is no guess")
    return _Known(_digest(token), owner)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]{64}")
