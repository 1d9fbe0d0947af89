"""Which schema this code reads and writes, and whether a database has it: one number.

SQLAlchemy and Alembic are imported only where the numbers differ; see `migrations`.
"""

from __future__ import annotations

from importlib.resources import files

from agui_runtime.core.errors import Misconfigured

SCHEMA = 7
"""The number of the latest revision in `migrations/versions`."""

NUMBER = "select version_num from agui_version"


def statements_of_a_new_file() -> list[str]:
    """What makes an empty SQLite file one of this schema: the same as all migrations make."""
    text = files("agui_runtime.stores.sql").joinpath("new.sql").read_text()
    return [each for each in text.split(";\n") if each.strip()]


def check_not_newer(number: int) -> None:
    """Raises Misconfigured for a schema that only a later release knows."""
    if number > SCHEMA:
        raise Misconfigured(
            f"the store has schema {number}, which a later release made; this one knows {SCHEMA}:"
            " update agui-runtime, or run `agui-runtime db downgrade` with the later one"
        )


def revision_of(text: str) -> str:
    """A revision as Alembic takes it: `-1` for the latest one back, `base` for no tables, or a
    number; raises Misconfigured.
    """
    if text in {"-1", "base"}:
        return text
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= SCHEMA):
        raise Misconfigured(f"a revision is a number from 1 to {SCHEMA}, base, or -1 for one back")
    return f"{int(text):04}"
