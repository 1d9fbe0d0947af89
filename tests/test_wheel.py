"""The wheel, installed where there is nothing but Python and what the package itself requires."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import httpx
import pytest
from packaging.requirements import Requirement

import agui_runtime
from tests.ports import free_port
from tests.programs import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.slow]  # the marker that brings the playground

RELATIVE = re.compile(r"\]\((?![a-z]+:|#)")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    words = ("-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT))
    subprocess.run([sys.executable, *words], check=True, capture_output=True)
    [made] = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the programs of a virtual environment are that has the wheel and what it requires."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin" / "python"
    options = ("--quiet", "--no-deps", "--no-index", "--no-cache-dir")
    pip = (sys.executable, "-m", "pip", "--python", str(python), "install", *options)
    subprocess.run([*pip, str(wheel)], check=True)
    [packages] = folder.glob("lib/python*/site-packages")
    for name in sorted(required(f"agui-runtime=={agui_runtime.__version__}")):
        lend(name, packages)
    return folder / "bin"


def required(line: str, seen: frozenset[str] = frozenset()) -> set[str]:
    """The names of the packages behind a requirement, the package itself excepted."""
    requirement = Requirement(line)
    if requirement.name in seen:
        return set()
    found: set[str] = set()
    for more in distribution(requirement.name).requires or ():
        inner = Requirement(more)
        extras = requirement.extras or {""}
        if inner.marker is None or any(inner.marker.evaluate({"extra": each}) for each in extras):
            found |= {inner.name, *required(more, seen | {requirement.name})}
    return found


def lend(name: str, packages: Path) -> None:
    """Make a package of this environment one of the other's."""
    package = distribution(name)
    for place in {file.parts[0] for file in package.files or () if file.parts[0] != ".."}:
        target = packages / place
        if place != "__pycache__" and not target.exists():
            target.symlink_to(Path(str(package.locate_file(place))))


def test_it_brings_both_pages_and_a_readme_whose_links_lead_somewhere(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        [about] = [name for name in names if name.endswith("/METADATA")]
        text = archive.read(about).decode()
    assert "agui_runtime/wires/graphql/graphiql/dist/page.js" in names
    assert {"index.html", "index.html.gz", "LICENSES.txt"} <= {
        name.removeprefix("agui_runtime/wires/ui/dist/") for name in names
    }
    unwanted = ("/node_modules/", "/graphiql/src/", "/page/dist/")
    assert not [name for name in names if any(part in name for part in unwanted)]
    assert f"Version: {agui_runtime.__version__}" in text
    assert "](https://github.com/" in text
    assert RELATIVE.findall(text) == []


def test_what_it_writes_has_the_wheel_for_its_container(
    wheel: Path, programs: Path, tmp_path: Path
) -> None:
    words = (programs / "agui-runtime", "new", "demo")
    env = {"PATH": str(programs)}
    done = subprocess.run(words, cwd=tmp_path, env=env, check=True, capture_output=True, text=True)
    assert "agui-runtime serve app:app" in done.stdout
    project = tmp_path / "demo"
    assert (project / "wheels" / wheel.name).read_bytes() == wheel.read_bytes()
    assert (project / "page" / "package-lock.json").is_file()
    assert not (project / "page" / "node_modules").exists()


async def test_serve_works_without_node_and_shows_the_playground(
    programs: Path, tmp_path: Path
) -> None:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(programs / "agui-runtime", "serve", "--port", str(port)),
        cwd=tmp_path,
        env={"PATH": str(programs), "HOME": str(tmp_path)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        lines = []
        while b"running on" not in (line := await process.stderr.readline()):
            lines.append(line)
            assert line, b"".join(lines).decode()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/copilotkit") as client:
            page = await client.get("", headers={"accept": "text/html"})
            script = await client.get("/playground/page.js")
            answer = await client.post("", json={"query": "{ hello }"})
    finally:
        if process.returncode is None:
            process.terminate()
        _, errors = await process.communicate()
    assert "playground/page.js" in page.text
    assert script.headers["content-type"].startswith("text/javascript")
    assert answer.status_code == 200
    assert (process.returncode, "Traceback" in errors.decode()) == (0, False)
    assert (tmp_path / ".agui-runtime" / "threads.db").is_file()
