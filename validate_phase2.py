"""The acceptance list of the GraphQL phase: each row is judged by running the tests that prove it.

`python3 validate_phase2.py` sets up what the tests need, prints the table and exits with 1 if a row
fails. A row without a single test that ran fails, too.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from scripts import PYTHON, ROOT, prepare_tests

WIRE = "tests/wires/graphql"
EVERY_PAGE = "tests/clients/test_every_page.py"


class Row(NamedTuple):
    """A promise and the tests that prove it: files, or single tests as `file::test`."""

    area: str
    promise: str
    tests: tuple[str, ...]


ROWS = (
    Row(
        "schema",
        "every type, field, argument, default and directive of 1.10.6",
        (f"{WIRE}/nouns/test_schema.py::test_every_fact_of_the_reference_schema_holds_in_ours",),
    ),
    Row(
        "schema",
        "this phase's own names stand beside the reference's",
        (f"{WIRE}/nouns/test_schema.py::test_our_own_names_stand_beside_the_references",),
    ),
    Row(
        "schema", "inputs are read as Strawberry reads them", (f"{WIRE}/resolvers/test_reading.py",)
    ),
    Row(
        "schema",
        "any use of @stream and @defer merges to the plain answer",
        (f"{WIRE}/delivery/test_incremental.py",),
    ),
    Row(
        "schema",
        "malformed, oversized and excessive requests are told why",
        (
            f"{WIRE}/transport/test_http.py",
            f"{WIRE}/nouns/test_errors.py",
            f"{WIRE}/engine/test_limits.py",
        ),
    ),
    Row(
        "schema",
        "generated operations end in an answer and leave nothing behind",
        (f"{WIRE}/test_fuzz.py",),
    ),
    Row(
        "orchestration",
        "the answers are those of the recorded Node runtime",
        (f"{WIRE}/test_goldens.py",),
    ),
    Row(
        "orchestration",
        "where the reference fails, ours does not",
        (
            f"{WIRE}/test_better.py",
            f"{WIRE}/test_defects.py",
        ),
    ),
    Row(
        "orchestration",
        "a run ends in one terminal event, whatever happens",
        ("tests/runs/test_runs.py",),
    ),
    Row("orchestration", "server-side actions are carried out", ("tests/agents/test_actions.py",)),
    Row(
        "orchestration",
        "agents call agents",
        (
            "tests/agents/test_delegates.py",
            f"{WIRE}/answer/test_delegates.py",
        ),
    ),
    Row(
        "orchestration",
        "guardrails stop what may not be answered",
        ("tests/wrappers/test_guardrails.py",),
    ),
    Row(
        "orchestration",
        "tools of MCP servers are called, kept fresh and guarded",
        ("tests/connectors/test_mcp.py",),
    ),
    Row(
        "orchestration",
        "callbacks observe every run and break none",
        ("tests/hooks/test_callbacks.py",),
    ),
    Row(
        "orchestration",
        "a run can be executed to its end in one answer",
        (f"{WIRE}/resolvers/test_execution.py",),
    ),
    Row(
        "orchestration",
        "agents come from functions, OpenAI-like servers, LiteLLM",
        (
            "tests/agents/test_agent.py",
            "tests/connectors/test_openai.py",
            "tests/connectors/test_litellm.py",
        ),
    ),
    Row(
        "orchestration",
        "remote endpoints are agents and actions of this runtime",
        (
            "tests/connectors/test_copilotkit.py",
            "tests/connectors/test_copilotkit_dialects.py",
            "tests/runtime/test_remotes.py",
        ),
    ),
    Row("state", "every store keeps what a store promises", ("tests/stores/test_contract.py",)),
    Row(
        "state",
        "one run at a time, one owner, nothing lost on a thread",
        ("tests/runtime/test_threads.py",),
    ),
    Row(
        "state",
        "the state of <threadId, agentName> is loaded and saved",
        (
            f"{WIRE}/resolvers/test_saved_state.py",
            f"{EVERY_PAGE}::test_the_page_and_an_agent_share_a_state",
        ),
    ),
    Row(
        "state",
        "threads, runs, events and token usage can be explored",
        (f"{WIRE}/resolvers/test_exploration.py",),
    ),
    Row(
        "subscriptions",
        "answers, logs and threads are told as they grow",
        (f"{WIRE}/resolvers/test_subscriptions.py",),
    ),
    Row(
        "subscriptions",
        "the socket protocol: authentication, limits, cancellation",
        (f"{WIRE}/transport/test_transport_ws.py",),
    ),
    Row(
        "subscriptions",
        "npm graphql-ws and graphql-sse understand it",
        ("tests/clients/test_graphql_clients.py",),
    ),
    Row(
        "playground",
        "it works offline, mounted anywhere, and can be switched off",
        (
            f"{WIRE}/transport/test_playground.py",
            "tests/clients/test_playground.py",
        ),
    ),
    Row(
        "clients",
        "the unmodified 1.10.6 React page works in a browser",
        (
            EVERY_PAGE,
            "tests/clients/test_copilotkit_1_10.py",
            "tests/clients/test_copilotkit_1_10_beside.py",
        ),
    ),
    Row(
        "clients",
        "a Node runtime 1.10.6 uses our agents and actions",
        (
            "tests/clients/test_node_1_10.py",
            "tests/wires/copilotkit_remote/test_remote.py",
        ),
    ),
    Row("tests", "the comparator would notice a difference", (f"{WIRE}/test_comparator.py",)),
    Row("tests", "the examples of README and docs run", ("tests/test_readme.py",)),
)


class Case(NamedTuple):
    """One test that ran, as JUnit's report names it."""

    module: str
    name: str
    passed: bool

    def proves(self, test: str) -> bool:
        file, _, function = test.partition("::")
        same_file = self.module == file.removesuffix(".py").replace("/", ".")
        return same_file and function in ("", self.name.partition("[")[0])


def main() -> int:
    cases = run_tests({test.partition("::")[0] for row in ROWS for test in row.tests})
    failed = [row for row in ROWS if not tell(row, cases)]
    print(f"\n{len(ROWS) - len(failed)} of {len(ROWS)} rows hold")
    return 1 if failed else 0


def run_tests(files: Iterable[str]) -> list[Case]:
    """Run every file once, however many rows name it."""
    env = prepare_tests()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        words = [str(PYTHON), "-m", "pytest", "-q", f"--junit-xml={report}", *sorted(files)]
        subprocess.run(words, cwd=ROOT, env=env, check=False)
        return [case_of(element) for element in ElementTree.parse(report).iter("testcase")]


def case_of(element: ElementTree.Element) -> Case:
    troubles = {child.tag for child in element} & {"failure", "error", "skipped"}
    return Case(element.get("classname", ""), element.get("name", ""), not troubles)


def tell(row: Row, cases: Iterable[Case]) -> bool:
    """Print the row and answer whether it holds: each of its tests ran, and all passed."""
    by_test = [[case for case in cases if case.proves(test)] for test in row.tests]
    ran = [case for found in by_test for case in found]
    passed = sum(case.passed for case in ran)
    holds = all(by_test) and passed == len(ran)
    print(f"{'ok' if holds else 'FAILS':6}{row.area:14}{row.promise:68}{passed:5} of {len(ran)}")
    return holds


if __name__ == "__main__":
    sys.exit(main())
