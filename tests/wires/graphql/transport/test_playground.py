"""The page for browsers: who is shown it, from which files, and under which policy."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from agui_runtime.app import create_app
from agui_runtime.connectors.demo import DemoAgent
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.settings import Settings
from agui_runtime.wires.graphql.transport.playground import FILES, Playground
from tests.support import served
from tests.wires.graphql.serving import PATH, serving

ROOT = Path(__file__).parents[4]

# What browsers send when a person opens an address.
BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}

INTROSPECTION = {"query": "{ __schema { queryType { name } } }"}


def runtime() -> CopilotRuntime:
    return CopilotRuntime(agents={"default": DemoAgent()})


@asynccontextmanager
async def visiting(app: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        served(app) as origin,
        httpx.AsyncClient(base_url=origin, headers=BROWSER) as client,
    ):
        yield client


def addresses(page: httpx.Response) -> list[str]:
    """Everything that the page loads, as a browser resolves it."""
    named = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    return [str(page.url.join(each)) for each in named if not each.startswith("data:")]


async def test_a_browser_is_shown_the_page_and_a_client_is_not() -> None:
    async with serving(runtime()) as client:
        page = await client.get(PATH, headers=BROWSER)
        asked = await client.get(PATH, params={"query": "{ hello }"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert '<div id="graphiql">' in page.text
    assert asked.json() == {"data": {"hello": "Hello World"}}


async def test_the_page_and_its_files_come_from_this_server_alone() -> None:
    async with serving(runtime()) as client:
        page = await client.get(PATH, headers=BROWSER)
        files = [await client.get(each) for each in addresses(page)]
    assert len(files) == 8
    for each in (page, *files):
        assert each.status_code == 200
        policy = each.headers["content-security-policy"].split("; ")
        assert {"default-src 'none'", "script-src 'self'", "style-src 'self'"} <= {*policy}
        assert "unsafe" not in each.headers["content-security-policy"]
        assert each.headers["x-content-type-options"] == "nosniff"
    assert "<script>" not in page.text


@pytest.mark.parametrize("name", ["page.mjs", ".stamp", "..%2Fbuild.mjs", "%2e%2e/package.json"])
async def test_nothing_else_that_lies_there_is_served(name: str) -> None:
    async with serving(runtime()) as client:
        answer = await client.get(f"{PATH}/playground/{name}")
    assert answer.status_code == 404


async def test_without_its_files_the_page_says_which_command_brings_them(tmp_path: Path) -> None:
    page = Playground(tmp_path)
    file = Route("/graphql/playground/{name}", page.file)
    async with visiting(Starlette(routes=[file, Mount("/", page.show)])) as client:
        answer = await client.get("/graphql")
        script = await client.get("/graphql/playground/page.js")
    assert "python3 scripts.py playground" in answer.text
    assert "<script" not in answer.text
    assert script.status_code == 404


async def test_the_page_can_be_switched_off() -> None:
    async with serving(runtime(), production=True) as client:
        page = await client.get(PATH, headers=BROWSER)
        file = await client.get(f"{PATH}/playground/page.js")
    assert page.status_code == 400
    assert "Must provide query string." in page.text
    assert file.status_code == 404


async def test_in_production_there_is_neither_the_page_nor_the_schema() -> None:
    assert Settings.read({"AGUI_PRODUCTION": "1"}).production
    async with visiting(create_app(runtime(), production=True)) as client:
        for path in ("/copilotkit", "/graphql"):
            page = await client.get(path)
            assert "graphiql" not in page.text
            answer = await client.post(path, json=INTROSPECTION, headers={"accept": "*/*"})
            assert "introspection" in answer.json()["errors"][0]["message"]
            asked = await client.post(path, json={"query": "{ hello }"}, headers={"accept": "*/*"})
            assert asked.json() == {"data": {"hello": "Hello World"}}


async def test_elsewhere_the_schema_is_told() -> None:
    assert not Settings.read({}).production
    async with visiting(create_app(runtime())) as client:
        answer = await client.post("/graphql", json=INTROSPECTION, headers={"accept": "*/*"})
    assert answer.json() == {"data": {"__schema": {"queryType": {"name": "Query"}}}}


@pytest.mark.parametrize(
    ("mounted", "path"), [("", "/ai"), ("/deep/down", "/copilotkit"), ("/deep", "/a/b:c d")]
)
async def test_the_page_finds_its_files_wherever_it_is_mounted(mounted: str, path: str) -> None:
    outer = FastAPI()
    outer.mount(mounted, create_app(runtime(), path=path))
    async with visiting(outer) as client:
        page = await client.get(mounted + path)
        files = [await client.get(each) for each in addresses(page)]
    assert [each.status_code for each in files] == [200] * 8


def test_the_wheel_has_the_page_and_the_licences(tmp_path: Path) -> None:
    assert (FILES / "page.js").is_file(), "`python3 scripts.py test` builds the playground"
    build = ("-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path))
    subprocess.run([sys.executable, *build], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    [wheel] = tmp_path.glob("*.whl")
    with ZipFile(wheel) as archive:
        names = {Path(each).name for each in archive.namelist() if "/graphiql/" in each}
        [licences] = [
            each for each in archive.namelist() if each.endswith("graphiql/dist/LICENSES.txt")
        ]
        told = archive.read(licences).decode()
    assert {"graphiql.js", "graphiql.css", "react.js", "react-dom.js", "explorer.js"} <= names
    assert not names & {"package.json", "package-lock.json", "build.mjs"}
    for package in ("graphiql 3", "react 18", "codemirror 5", "meros 1", "graphql-ws 5"):
        assert f"\n{package}" in told
    assert "Permission is hereby granted" in told
