"""Puts the pages that lie beside `docs/` into the site, with the links that lead there, and what
draws diagrams: no page of the site loads anything from another origin.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent

BESIDE = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security-policy.md",
    "CHANGELOG.md": "changelog.md",
    "bench/README.md": "bench.md",
}
"""Pages outside of `docs/`, and what they are called in the site."""

MERMAID = ROOT / ".ci/diagrams/node_modules/@mermaid-js/tiny/dist/mermaid.tiny.js"
"""What draws diagrams. Without it they are shown as their text: the theme would load it from a
CDN.
"""

SCRIPT = "assets/javascripts/mermaid.js"

LINK = re.compile(r"\]\((?![a-z]+:|#)([^)#\s]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    from mkdocs.structure.files import File

    for place, page in BESIDE.items():
        files.append(File.generated(config, page, content=(ROOT / place).read_text()))
    if MERMAID.exists():
        files.append(File.generated(config, SCRIPT, content=MERMAID.read_text()))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Links as the site has them. What is no page of it is named, and not linked."""
    here = place_of(page.file.src_uri)

    def link(found: re.Match[str]) -> str:
        place = normpath(str(PurePosixPath(here).parent / found[1]))
        if not (ROOT / place).exists():
            return found[0]  # the build fails, and names it
        target = page_of(place)
        if target is None:
            return "]"
        start = PurePosixPath(page.file.src_uri).parent
        return f"]({relpath(target, start)}{found[2] or ''})"

    linked = LINK.sub(link, markdown)
    return linked if MERMAID.exists() else linked.replace("```mermaid\n", "```text\n")


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """The theme takes the `mermaid` that is there, before it would load one."""
    if 'class="mermaid"' not in output:
        return output
    script = relpath(SCRIPT, page.url or ".")
    return output.replace("</head>", f'<script src="{script}"></script></head>', 1)


def place_of(page: str) -> str:
    """Where in the repository a page of the site comes from."""
    return next((place for place, name in BESIDE.items() if name == page), f"docs/{page}")


def page_of(place: str) -> str | None:
    """The page of the site that a file of the repository is, if it is one."""
    if place in BESIDE:
        return BESIDE[place]
    return place.removeprefix("docs/") if re.fullmatch(r"docs/.+\.md", place) else None
