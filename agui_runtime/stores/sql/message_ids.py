"""Messages by the ids that databases can hold: agents and front ends choose any text. Pure."""

from __future__ import annotations

from hashlib import sha256

LONGEST = 500
"""Bytes of an id that is stored as it is. An entry of PostgreSQL's index has room for some 2,700,
and the thread's id is in it, too."""


def stored_id(id_: str) -> str:
    """The id as it is stored: itself, or a digest of what no database can hold, or of which SQLite
    reads the beginning only, or that is too long for an index.
    """
    if len(id_) <= LONGEST and id_.isascii() and id_.isprintable():
        return id_
    encoded = id_.encode(errors="surrogatepass")
    if len(encoded) > LONGEST or "\0" in id_ or id_ != encoded.decode(errors="replace"):
        return f"sha256:{sha256(encoded).hexdigest()}"
    return id_


class KnownIds(frozenset[str]):
    """The ids of a thread's messages, of which the database has what `stored_id` made of them. An
    older release stored some as they are.
    """

    def __contains__(self, id_: object) -> bool:
        if super().__contains__(id_):
            return True
        return isinstance(id_, str) and super().__contains__(stored_id(id_))
