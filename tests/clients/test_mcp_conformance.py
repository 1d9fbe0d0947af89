"""The official conformance kit of MCP against this server, in both generations.

What it finds missing is here by its name, with the reason: everything else has to pass, and what
passes meanwhile has to go from here.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from scripts import wheel_node
from tests.clients.mcp_fixtures import serving

KIT = "node_modules/@modelcontextprotocol/conformance/dist/index.js"
FOLDER = Path(__file__).parent / "mcp-conformance"

NOT_OFFERED = (
    *("completion-", "json-schema-", "logging-", "prompts-", "resources-", "sep-2164-", "tasks-"),
    *("tools-call-sampling", "tools-call-with-logging", "http-custom-header-server-validation"),
    *("input-required-result-basic-list-roots", "input-required-result-basic-sampling"),
    *("input-required-result-capability-check", "input-required-result-multiple-input-requests"),
    "input-required-result-non-tool-request",
)
"""Scenarios, or how their names begin, of what the protocol lets servers do without."""

MISSED: Mapping[str, frozenset[str]] = {
    "caching": frozenset(
        f"sep-2549-{each}-list-caching-hints"
        for each in ("prompts", "resources", "resources-templates")
    ),
    # One question is asked by one name, while the kit wants its own.
    "input-required-result-basic-elicitation": frozenset({"sep-2322-elicitation-incomplete"}),
    # The kit answers a question that this server has not put: without its state.
    "input-required-result-ignore-extra-params": frozenset({"sep-2322-ignore-unexpected-params"}),
    # An agent's question is put as text to a client that cannot ask, and the call is no error.
    "server-stateless": frozenset(
        {"sep-2575-server-rejects-undeclared-capability", "sep-2575-missing-capability-http-400"}
    ),
}


@pytest.mark.parametrize(("version", "scenarios"), [("2025-11-25", 17), ("2026-07-28", 22)])
async def test_the_kit_finds_nothing_but_what_is_not_offered(
    version: str, scenarios: int, tmp_path: Path
) -> None:
    async with serving() as url:
        words = ("server", "--url", url, "--requirements", version, "-o", str(tmp_path))
        process = await asyncio.create_subprocess_exec(
            *(wheel_node().npm[0], KIT, *words), cwd=FOLDER, stdout=asyncio.subprocess.DEVNULL
        )
        await process.wait()
    ran = dict(failures(tmp_path))
    assert len(ran) == scenarios
    assert {name: found for name, found in ran.items() if found} == {
        name: missed for name, missed in MISSED.items() if name in ran
    }


def failures(folder: Path) -> Iterator[tuple[str, frozenset[str]]]:
    """The failed checks of each scenario that is to pass."""
    for file in folder.glob("server-*/checks.json"):
        name = re.sub(r"^server-|-\d{4}-\d\d-\d\dT.*$", "", file.parent.name)
        if not name.startswith(NOT_OFFERED):
            checks = json.loads(file.read_text())
            bad = (each["id"] for each in checks if each["status"] in ("FAILURE", "WARNING"))
            yield name, frozenset(bad)
