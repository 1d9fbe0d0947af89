"""What a test needs besides Python: markers, set by the fixtures that it has and the file it is in.

As a pytest plugin (`-p tests.needs`) this prints those of all tests that were collected.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePath

import pytest

HERE = Path(__file__).parent

BY_NAME = {
    "browser": "browser",
    "open_page": "browser",  # which asks for `browser` only when it knows its parameter
    "pooler": "pooler",
    "postgres": "postgres",
    "redis": "redis",
    "LiteLLM": "slow",  # to import it takes seconds, as AgentScope does
    "AgentScope": "slow",
}
"""Of fixtures, or of a parameter where a test is made once for each store or each connector."""

BY_FILE = {
    "sandbox/*": "sandbox",
    "test_readme*.py": "sandbox",
    "stores/test_redis*.py": "redis",
    "queues/test_taskiq.py": "redis",
    "commands/test_help.py": "shells",
    "deploy/test_image.py": "image",
    "deploy/test_proxies.py": "proxy",
    "deploy/test_systemd.py": "systemd",
    "faults/*": "redis",
    "hooks/telemetry/test_prometheus.py": "prometheus",
    "peers/*": "peers",
    "test_front_end_snippets.py": "tsc",
    "clients/test_agui_*.py": "node",
    "clients/test_between.py": "node",
    "clients/test_durable_client.py": "node",
    "clients/test_graphql_clients.py": "node",
    "clients/test_mcp_*.py": "node",
    "clients/test_openai_clients.py": "node",
    "clients/test_node_1_10.py": "node",
    "clients/test_phone_home.py": "node",
    # Start a server or an interpreter for nearly every test.
    "clients/*": "slow",
    "commands/*": "slow",
    "deploy/*": "slow",
    "connectors/test_mcp*.py": "slow",
    "sandbox/test_*.py": "slow",
    "wrappers/test_mcp_apps.py": "slow",
    "stores/test_sqlite.py": "slow",
    "test_examples.py": "slow",
    "test_readme.py": "slow",
    "test_soak.py": "slow",
    # Import a library that takes seconds.
    "connectors/test_agentscope*.py": "slow",
    "connectors/test_dialects.py": "slow",
    "connectors/test_litellm*.py": "slow",
    "connectors/test_repeated_calls.py": "slow",
    # Try very much, or very large things.
    "connectors/test_hostile_remotes.py": "slow",
    "stores/test_memory.py": "slow",
    "wires/fuzz/*": "slow",
    "wires/openai/test_litellm.py": "slow",
    "wires/graphql/test_defects.py": "slow",
    "wires/graphql/test_fuzz.py": "slow",
    "wires/shared/test_bodies.py": "slow",
    "wires/test_odd_values.py": "slow",
}


def needs(item: pytest.Item) -> Iterator[str]:
    """The names of markers; the test's own are not among them."""
    names = [*getattr(item, "fixturenames", ())]
    if isinstance(item, pytest.Function) and hasattr(item, "callspec"):
        names += [each for each in item.callspec.params.values() if isinstance(each, str)]
    yield from (BY_NAME[name] for name in names if name in BY_NAME)
    yield from needs_of_file(item.path.relative_to(HERE))


def needs_of_file(place: PurePath) -> Iterator[str]:
    """The markers that a file's tests have by its place below `tests/`."""
    yield from (marker for pattern, marker in BY_FILE.items() if place.match(pattern))


def pytest_collection_finish(session: pytest.Session) -> None:
    found = {mark.name for item in session.items for mark in item.iter_markers()}
    known = {*BY_NAME.values(), *BY_FILE.values()}
    print("needs:", *sorted(found & known))  # noqa: T201  # read by scripts.py
