"""The Python examples of the README and of each page in docs, each run on its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

import agui_runtime
from tests.support import served

ROOT = Path(__file__).parent.parent
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FOREIGN = re.compile(r"(?:[a-z]+:)?//", re.IGNORECASE)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def blocks(page: Path) -> list[str]:
    return BLOCK.findall(page.read_text())


async def agents_of(app: FastAPI) -> list[str]:
    """The agents that the app's front ends are told."""
    operation = {"query": "{ availableAgents { agents { name } } }"}
    ann = {"authorization": "Bearer ann-s-token"}  # whom the examples with `authenticate` know
    async with served(app) as origin, httpx.AsyncClient() as client:
        answer = await client.post(f"{origin}/copilotkit", json=operation, headers=ann)
    return [agent["name"] for agent in answer.json()["data"]["availableAgents"]["agents"]]


SAVED = {"my_app": ROOT / "README.md", "my_tools": ROOT / "docs" / "sandbox.md"}
"""The pages whose first example their reader saves as this module, which others import."""


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, page in SAVED.items():
        (tmp_path / f"{name}.py").write_text(blocks(page)[0])
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in SAVED:
        sys.modules.pop(name, None)


EXAMPLES = [
    pytest.param(page, block, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, block in enumerate(blocks(page), 1)
]


@pytest.mark.usefixtures("saved")
@pytest.mark.parametrize(("page", "block"), EXAMPLES)
async def test_an_example_runs_by_itself_and_its_app_answers(page: Path, block: str) -> None:
    namespace: dict[str, object] = {}
    exec(compile(block, page.name, "exec", dont_inherit=True), namespace)
    app = namespace.get("app")
    if app is not None:
        assert isinstance(app, FastAPI)
        assert "default" in await agents_of(app)


@pytest.mark.parametrize("page", PAGES, ids=lambda it: str(it.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    links = LINK.findall(page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


class Loads(HTMLParser):
    """What a page makes a browser load by itself, and whether it has a diagram to be drawn."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.urls: list[str] = []
        self.draws = False
        self.feed(page.read_text())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.draws |= given.get("class") == "mermaid"
        loads = tag == "link" and given.get("rel") not in {"canonical", "next", "prev"}
        url = given.get("src") or (given.get("href") if loads else None)
        if url is not None:
            self.urls.append(url)


def assert_nothing_else_is_loaded(site: Path) -> None:
    pages = {page: Loads(page) for page in site.rglob("*.html")}
    assert len(pages) > 20
    for page, loads in pages.items():
        assert [url for url in loads.urls if FOREIGN.match(url)] == [], page
        # The theme brings a drawer of diagrams from a CDN where the page has none.
        assert not loads.draws or any(url.endswith("mermaid.js") for url in loads.urls), page
    for sheet in site.rglob("*.css"):
        assert re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", sheet.read_text()) == []


def test_the_pages_make_a_site_whose_links_and_anchors_lead_somewhere(tmp_path: Path) -> None:
    words = ("build", "--quiet", "--config-file", ".mkdocs.yml", "--site-dir", str(tmp_path))
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", *words],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (built.returncode, built.stdout + built.stderr) == (0, "")
    assert_nothing_else_is_loaded(tmp_path)
    reference = (tmp_path / "reference" / "index.html").read_text()
    assert [
        name for name in agui_runtime.__all__ if f'id="agui_runtime.{name}"' not in reference
    ] == [
        "Limits"  # `RunLimits` by the name of earlier releases
    ]
