"""A PostgreSQL URL, read strictly. It connects to nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from agui_runtime.core.errors import Misconfigured
from agui_runtime.stores.shared.urls import is_legible
from agui_runtime.stores.sql.options import LIMITS

OWN = {
    "listen": "a URL past the connection pooler",
    "prepared": "no, where a pooler forgets prepared statements",
    **LIMITS,
}
"""The options that are ours."""

OF_THE_DRIVER = frozenset(
    {"sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcrl", "sslnegotiation"}
    | {"application_name", "target_session_attrs", "options", "host", "port", "passfile"}
)
"""Those of libpq that asyncpg takes as well."""


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    """Where the server is: for statements, and for the one connection that listens."""

    dsn: str
    listen: str
    prepared: bool
    where: str
    options: Mapping[str, str]


def address_of(url: str) -> PostgresAddress:
    """Raises Misconfigured for what cannot be meant; no message holds a password."""
    if not is_legible(url):
        raise _illegible()
    try:
        parts = urlsplit(url)
        host = f"{parts.hostname or 'localhost'}:{parts.port or 5432}"
    except ValueError:
        raise _illegible() from None
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = sorted(given.keys() - OWN.keys() - OF_THE_DRIVER)
    if unknown:
        raise Misconfigured(
            f"this PostgreSQL URL has options that do not exist: {', '.join(unknown)}; there are"
            f" {', '.join([*OWN, *sorted(OF_THE_DRIVER)])}"
        )
    if given.get("prepared", "no") != "no":
        raise Misconfigured("prepared in the store's URL is no, or is not there")
    plain = urlencode({name: value for name, value in given.items() if name not in OWN})
    dsn = urlunsplit(parts._replace(scheme="postgresql", query=plain))
    options = {name: value for name, value in given.items() if name in LIMITS}
    where = f"postgresql://{host}{parts.path}"
    return PostgresAddress(dsn, given.get("listen", dsn), "prepared" not in given, where, options)


def _illegible() -> Misconfigured:
    return Misconfigured(
        "this PostgreSQL URL cannot be read; check its port, say each option once, and"
        " percent-encode the user and the password"
    )
