"""The TypeScript and JavaScript of the README, of each page in docs and of the server's first page,
read by a strict `tsc` as it stands there, with the packages that it is for.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from html import unescape
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio

from agui_runtime import CopilotRuntime, create_app
from tests.runtime.worlds import Scripted
from tests.support import client_of

ROOT = Path(__file__).parent.parent
CLIENTS = ROOT / "tests/clients"
TSC = ROOT / "ui/node_modules/typescript/bin/tsc"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(tsx?|jsx?)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FIRST_PAGE = re.compile(r"<pre>(.*?)</pre>", re.DOTALL)
COMPLAINT = re.compile(r"^(\S+?)\(\d+,\d+\): error .*$", re.MULTILINE)

PACKAGES = {
    '"@copilotkit/react-core/v2"': ("copilotkit-1.74",),
    '"@copilotkit/react-ui"': ("copilotkit-1.10", "copilotkit-1.74"),
    '"graphql-ws"': ("graphql",),
    'import("next")': ("next",),
    '"openai"': ("openai",),
    '"@ai-sdk/openai-compatible"': ("openai",),
    '"@durable-streams/client"': ("durable",),
    '"./socket.js"': ("socket",),
}
"""By what a snippet imports: the projects that have it, each of which the snippet is for."""

SOURCES = {"socket": ROOT / "examples/socket/src"}
"""The projects whose snippets stand beside files of their own, and import no packages."""

AS_VITE_SETS_IT = {
    "target": "ES2023",
    "lib": ["ES2023", "DOM", "DOM.Iterable"],
    "module": "ESNext",
    "moduleResolution": "bundler",
    "jsx": "react-jsx",
    "checkJs": True,
    "strict": True,
    "noUnusedLocals": True,
    "skipLibCheck": True,
    "noEmit": True,
    "types": [str(CLIENTS / "copilotkit-1.74/node_modules/vite/client")],
}


class Snippet(NamedTuple):
    """One as `project` has its packages; `name` is the file that it is read from."""

    project: str
    name: str
    text: str


def snippets(page: str, blocks: list[tuple[str, str]]) -> list[Snippet]:
    return [
        Snippet(project, f"{page}-{number}.{language}", text)
        for number, (language, text) in enumerate(blocks, 1)
        for package, projects in PACKAGES.items()
        if package in text
        for project in projects
    ]


WRITTEN = [each for page in PAGES for each in snippets(page.stem, BLOCK.findall(page.read_text()))]
SHOWN = Snippet("copilotkit-1.74", "first-page-1.tsx", "")
WRONG = Snippet("copilotkit-1.74", "wrong.tsx", 'import { Chat } from "@copilotkit/react-core/v2";')


async def shown() -> Snippet:
    """What the server's first page tells a front end to be."""
    app = create_app(CopilotRuntime({"default": Scripted()}), ui=False)
    async with client_of(app) as client:
        page = await client.get("/", headers={"accept": "text/html"})
    [snippet] = FIRST_PAGE.findall(page.text)
    return SHOWN._replace(text=unescape(snippet))


Complaints = Mapping[str, list[str]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def complaints(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Complaints]:
    """What tsc says of each file, after one run over all of them."""
    folder = tmp_path_factory.mktemp("snippets")
    every = [*WRITTEN, await shown(), WRONG]
    for project in {each.project for each in every}:
        (folder / project).mkdir()
        if project in SOURCES:
            shutil.copytree(SOURCES[project], folder / project, dirs_exist_ok=True)
        else:
            (folder / project / "node_modules").symlink_to(CLIENTS / project / "node_modules")
    for each in every:
        (folder / each.project / each.name).write_text(each.text)
    files = [f"{each.project}/{each.name}" for each in every]
    settings = {"compilerOptions": AS_VITE_SETS_IT, "files": files}
    (folder / "tsconfig.json").write_text(json.dumps(settings))
    yield by_file(await read_by_tsc(folder))


async def read_by_tsc(folder: Path) -> str:
    node = shutil.which("node")
    assert node, "there is no node; `python3 scripts.py test` finds or installs one"
    process = await asyncio.create_subprocess_exec(
        *(node, TSC, "--pretty", "false"), cwd=folder, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    return out.decode()


def by_file(printed: str) -> Complaints:
    found = defaultdict(list)
    for line in COMPLAINT.finditer(printed):
        found[line[1]].append(line[0])
    assert len(found) > 0, printed  # of `WRONG` at least
    return found


@pytest.mark.parametrize(
    "snippet", [*WRITTEN, SHOWN], ids=lambda it: f"{it.name} with {it.project}"
)
async def test_a_snippet_is_what_its_packages_take(
    complaints: Complaints, snippet: Snippet
) -> None:
    assert complaints.get(f"{snippet.project}/{snippet.name}", []) == []


async def test_a_snippet_that_imports_what_is_not_there_is_found_out(
    complaints: Complaints,
) -> None:
    assert "has no exported member 'Chat'" in "".join(complaints[f"{WRONG.project}/{WRONG.name}"])


@pytest.mark.parametrize("page", PAGES, ids=lambda it: it.stem)
def test_every_snippet_of_a_page_is_read(page: Path) -> None:
    blocks = BLOCK.findall(page.read_text())
    assert {text for _, text in blocks} == {each.text for each in snippets(page.stem, blocks)}
