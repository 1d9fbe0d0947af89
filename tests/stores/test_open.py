"""A URL names a store: which ones there are, and what is wrong with a URL that names none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from agui_runtime.core.errors import Misconfigured, MissingExtra, StoreFull, StoreUnavailable
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.stores.open import SCHEMES, open_store, unavailable_at
from agui_runtime.stores.redis import RedisStore
from agui_runtime.stores.sql import SqliteStore
from agui_runtime.stores.sql.postgres import PostgresStore


@pytest.mark.parametrize("url", ["memory:", "memory://", "MEMORY:"])
def test_memory_is_named_by_a_url_too(url: str) -> None:
    assert isinstance(open_store(url), MemoryStore)


@pytest.mark.parametrize(
    "url",
    [
        "redis://127.0.0.1/0",
        "rediss://127.0.0.1/0",
        "unix:///run/redis.sock",
        "redis+sentinel://127.0.0.1:26379/main",
        "Redis://127.0.0.1/0",
    ],
)
def test_every_scheme_of_redis_names_the_redis_store(url: str) -> None:
    assert isinstance(open_store(url), RedisStore)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:6379",
        "/var/threads",
        "mysql://ann:s3cret@db/threads",
        "redis",
        "://ann:s3cret@db",
    ],
)
def test_a_url_that_names_no_store_is_refused_with_those_that_there_are(url: str) -> None:
    with pytest.raises(Misconfigured) as refusal:
        CopilotRuntime({}, store=url)
    assert all(scheme in refusal.value.message for scheme in SCHEMES)
    assert "s3cret" not in refusal.value.message


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("threads.db", "sqlite:///threads.db"),
        ("/var/lib/app/threads.db", "sqlite:////var/lib/app/threads.db"),
        ("memory", "memory:"),
        ("redis", "redis://"),
        ("postgresql+asyncpg://ann:s3cret@db/threads", "postgresql://"),
        ("sqlite+aiosqlite:///threads.db", "sqlite://"),
    ],
)
def test_a_url_that_is_nearly_one_says_what_was_meant(url: str, meant: str) -> None:
    with pytest.raises(Misconfigured) as refusal:
        open_store(url)
    assert refusal.value.message.endswith(f"; did you mean {meant}?")
    assert "s3cret" not in refusal.value.message


@pytest.mark.parametrize("url", ["redis://[::1", "redis://ann:s3cret@["])
def test_a_url_that_cannot_be_read_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(Misconfigured) as refusal:
        open_store(url)
    assert "percent-encode" in refusal.value.message
    assert "s3cret" not in refusal.value.message


def test_a_memory_store_with_a_name_is_refused() -> None:
    with pytest.raises(Misconfigured, match="nothing after it"):
        open_store("memory://threads")


def test_a_store_whose_package_is_missing_is_refused_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in [each for each in sys.modules if each.split(".")[0] == "redis"]:
        monkeypatch.delitem(sys.modules, name)
    for name in [each for each in sys.modules if each.startswith("agui_runtime.stores.redis")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(MissingExtra, match=r"the Redis store needs .*redis"):
        open_store("redis://127.0.0.1/0")


@pytest.mark.parametrize("url", ["sqlite:///threads.db", "SQLite:///threads.db"])
def test_a_file_is_named_by_a_url(url: str) -> None:
    assert isinstance(open_store(url), SqliteStore)


def test_a_path_in_a_url_is_relative_unless_it_begins_with_a_slash_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    paths = [SqliteStore(f"sqlite:///{name}").path for name in ("a.db", "/b/c.db", "d%20e.db")]
    assert paths == [tmp_path / "a.db", Path("/b/c.db"), tmp_path / "d e.db"]


def test_a_runtime_of_the_library_is_in_memory_unless_it_is_given_a_store() -> None:
    assert isinstance(CopilotRuntime({}).store, MemoryStore)
    assert isinstance(CopilotRuntime({}, store="sqlite:///a.db").store, SqliteStore)


def test_a_store_that_a_runtime_was_given_is_not_replaced() -> None:
    given = CopilotRuntime({}, store="memory:")
    given.store_in("sqlite:///a.db")
    assert isinstance(given.store, MemoryStore)
    open_to = CopilotRuntime({})
    open_to.store_in("sqlite:///a.db")
    assert isinstance(open_to.store, SqliteStore)


@pytest.mark.parametrize("url", ["postgres:s3cret@h/d", "redis:s3cret@h/0", "sqlite:threads.db"])
def test_what_lacks_its_slashes_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(Misconfigured, match="did you mean") as refusal:
        open_store(url)
    assert "s3cret" not in refusal.value.message


def test_a_file_is_named_as_it_is_called_and_not_by_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link.db").symlink_to(tmp_path / "real" / "a#1.db")
    assert SqliteStore(f"sqlite:///{tmp_path}/link.db").path == tmp_path / "real" / "a#1.db"
    assert SqliteStore(f"sqlite:///{tmp_path}/a#1.db").path == tmp_path / "a#1.db"
    with pytest.raises(Misconfigured, match="twice"):
        SqliteStore(f"sqlite:///{tmp_path}/a.db?keep_days=1&keep_days=9")


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (StoreFull(), "t.db: the store is full; make room"),
        (
            StoreUnavailable("the store cannot be reached; try again later"),
            "t.db: the store cannot be reached; start it, or correct its URL",
        ),
    ],
)
def test_who_starts_a_server_learns_what_to_do(error: StoreUnavailable, says: str) -> None:
    assert unavailable_at(SqliteStore("sqlite:////t.db"), error).message == f"/{says}"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://ann:s3cret@h:port/d", "percent-encode"),
        ("postgresql://ann:s3cret/@[h/d", "percent-encode"),
        ("postgres:s3cret@h/d", "percent-encode"),
        ("postgresql:///ann:s3cret@h/d", "percent-encode"),
        ("postgresql://ann:5432#s3cret@h/d", "percent-encode"),
        ("postgresql://ann:5432?s3cret@h/d", "percent-encode"),
        ("postgresql://ann:5432/s3cret@h/d", "percent-encode"),
        ("postgresql://h/d?keep_days=1&keep_days=365", "each option once"),
        ("postgresql://ann:s3cret@h/d?pool=5", "options that do not exist: pool"),
        ("postgresql://h/d?prepared=yes", "prepared in the store's URL is no"),
        ("postgresql://h/d?keep_runs=none", "keep_runs in the store's URL must be"),
    ],
)
def test_a_url_that_cannot_be_meant_is_refused_without_its_password(url: str, reason: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        PostgresStore(url)
    assert reason in refused.value.message
    assert "s3cret" not in refused.value.message
