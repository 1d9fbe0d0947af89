"""How an owner's memory is sealed: a key for each owner, which the keys of the server wrap.

Rows are sealed with the owner's key and their place, so that one which was moved to another owner
or id does not open. The vectors of a text say what it says, and are sealed like it.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import orjson

from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.memories.entries import Entry, MemoryUnreadable, Origin

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE, _LENGTH = 12, 4


class Vector(NamedTuple):
    """Of a text: 32-bit floats, and the name of the embedder that made it."""

    embedder: str
    floats: bytes


class OwnerSeal:
    """Seals and opens the rows of one owner; `name` is how the store knows the owner."""

    def __init__(self, name: str, key: bytes) -> None:
        self._name = name
        self._key = key
        self._ids = hmac.digest(key, b"ids of entries", "sha256")

    def id_of(self, kind: str, words: str) -> str:
        """The same for the same words, of which it says nothing to whoever has not the key."""
        digest = hmac.digest(self._ids, words.encode(errors="replace"), "sha256")
        return f"{kind}.{digest.hex()[:32]}"

    def seal(self, entry: Entry, vector: Vector | None) -> bytes:
        sealed = self._sealed(orjson.dumps(asdict(entry)), entry.id, "entry")
        length = len(sealed).to_bytes(_LENGTH)
        if vector is None:
            return length + sealed
        plain = vector.embedder.encode() + b"\0" + vector.floats
        return length + sealed + self._sealed(plain, entry.id, "vector")

    def entry(self, id_: str, body: bytes) -> Entry:
        """Raises MemoryUnreadable."""
        fields = orjson.loads(self._opened(body[_LENGTH : _end(body)], id_, "entry"))
        try:
            fields["origin"] = Origin(**fields["origin"])
            return Entry(**fields)
        except TypeError:
            raise MemoryUnreadable(f"{id_}: a later release wrote this entry") from None

    def vector(self, id_: str, body: bytes) -> Vector | None:
        """Raises MemoryUnreadable."""
        sealed = body[_end(body) :]
        if not sealed:
            return None
        embedder, _, floats = self._opened(sealed, id_, "vector").partition(b"\0")
        return Vector(embedder.decode(), floats)

    def seal_note(self, id_: str, fields: Mapping[str, Json]) -> bytes:
        """What is no entry, but stands beside them."""
        return self._sealed(orjson.dumps(fields), id_, "note")

    def note(self, id_: str, body: bytes) -> JsonObject:
        """Raises MemoryUnreadable."""
        return dict(orjson.loads(self._opened(body, id_, "note")))

    @cached_property
    def _cipher(self) -> AESGCM:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # an extra

        return AESGCM(self._key)

    @cached_property
    def _faults(self) -> tuple[type[Exception], ...]:
        from cryptography.exceptions import InvalidTag  # an extra

        return InvalidTag, ValueError

    def _sealed(self, text: bytes, id_: str, column: str) -> bytes:
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._cipher.encrypt(nonce, text, self._place(id_, column))

    def _opened(self, sealed: bytes, id_: str, column: str) -> bytes:
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], self._place(id_, column))
        except self._faults:
            raise MemoryUnreadable(f"{id_}: this entry was changed, or belongs elsewhere") from None

    def _place(self, id_: str, column: str) -> bytes:
        return f"{self._name}\n{id_}\n{column}".encode()


@dataclass(frozen=True, slots=True)
class Names:
    """How the store knows owners: a dump does not list users."""

    OWNER: ClassVar = "names"
    """Under this name stands the key that makes names."""

    key: bytes = field(repr=False)

    def of(self, owner: str) -> str:
        return hmac.digest(self.key, owner.encode(errors="surrogatepass"), "sha256").hex()


def _end(body: bytes) -> int:
    """Where the sealed entry ends and the sealed vector begins."""
    return _LENGTH + int.from_bytes(body[:_LENGTH])
