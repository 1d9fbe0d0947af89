"""Keys that seal what is kept in a store and must not be read there: the first seals, all open.

A sealed text opens only together with what it is about, so that one which was moved to another
place of the store does not.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING

from agui_runtime.core.errors import AguiError, Misconfigured, MissingExtra

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY = 32
"""Bytes of a key, for AES-256."""

_VERSION = b"\x01"
_ID, _SALT, _NONCE = 8, 16, 12
_HEAD = len(_VERSION) + _ID + _SALT


class NotOpened(AguiError):
    """No key opens what was sealed, or it was sealed for another place."""

    code, status = "NOT_OPENED", 500


class Key:
    """One key. Each text is sealed with a key of its own that is derived from it: AES-GCM may not
    be used with random nonces for more than 2^32 texts.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    @cached_property
    def id(self) -> bytes:
        """Names the key in what it seals, and says nothing of it."""
        return sha256(b"agui key id" + self._secret).digest()[:_ID]

    def cipher(self, salt: bytes) -> AESGCM:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # an extra

        return AESGCM(hmac.digest(self._secret, b"agui sealed text" + salt, "sha256"))


class KeyRing:
    """Raises Misconfigured for what is no key, which it does not repeat, and MissingExtra without
    the package that seals.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        try:
            import cryptography  # noqa: F401
        except ModuleNotFoundError:  # pragma: no cover - needs an installation without it
            raise MissingExtra("sealing with keys", "keys") from None
        found = [_read(number, text) for number, text in enumerate(keys, start=1)]
        if not found:
            raise Misconfigured("keys: there is none")
        self._first = found[0]
        self._by_id = {key.id: key for key in found}
        if len(self._by_id) < len(found):
            raise Misconfigured("keys: one of them is there twice")

    @property
    def ids(self) -> Sequence[str]:
        """Of the keys, the one that seals first; for people."""
        return [key.hex() for key in self._by_id]

    def seal(self, text: bytes, about: bytes) -> str:
        """The text, to be opened only together with what it is about."""
        salt, nonce = secrets.token_bytes(_SALT), secrets.token_bytes(_NONCE)
        head = _VERSION + self._first.id + salt
        sealed = self._first.cipher(salt).encrypt(nonce, text, head + about)
        return urlsafe_b64encode(head + nonce + sealed).decode()

    def sealer(self, sealed: str) -> str | None:
        """The id of the key that sealed it; None if that is not there."""
        key = self._by_id.get(_decoded(sealed)[len(_VERSION) : len(_VERSION) + _ID])
        return None if key is None else key.id.hex()

    def open(self, sealed: str, about: bytes) -> bytes:
        """Raises NotOpened, which says whether a key is missing."""
        from cryptography.exceptions import InvalidTag

        found = _decoded(sealed)
        head, rest = found[:_HEAD], found[_HEAD:]
        if len(rest) < _NONCE or not head.startswith(_VERSION):
            raise NotOpened("this was not sealed by this release, or not sealed at all")
        key = self._by_id.get(head[len(_VERSION) : len(_VERSION) + _ID])
        if key is None:
            raise NotOpened(
                "this was sealed with a key that is not there: keep a key behind the new one while"
                " something may be sealed with it"
            )
        try:
            cipher = key.cipher(head[-_SALT:])
            return cipher.decrypt(rest[:_NONCE], rest[_NONCE:], head + about)
        except InvalidTag:
            raise NotOpened("what was sealed was changed, or belongs elsewhere") from None


def new_key() -> str:
    """As text, for whoever keeps secrets."""
    return urlsafe_b64encode(secrets.token_bytes(KEY)).decode().rstrip("=")


def _read(number: int, text: str) -> Key:
    secret = _decoded(text.strip())
    if len(secret) != KEY:
        raise Misconfigured(f"keys: number {number} is none that `agui-runtime keys generate` made")
    return Key(secret)


def _decoded(text: str) -> bytes:
    """Nothing for what is not so encoded."""
    try:
        found = text.encode("ascii")
        return urlsafe_b64decode(found + b"=" * (-len(found) % 4))
    except ValueError:
        return b""
