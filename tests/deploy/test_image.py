"""The image, built by its Dockerfile's steps and run as a container is: see `container.py`."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.container import Image, built, running
from tests.programs import ROOT

pytestmark = pytest.mark.timeout(600)  # the first one waits for the packages

TOKEN = "ann-s-own-token-of-32-characters"
RUN = "http://127.0.0.1:8000/copilotkit/agent/default/run"
KNOWN = {"AGUI_TOKENS": f"ann:{TOKEN}"}
TALKER = {"AGUI_APP": "talker:runtime", **KNOWN}
VISIT = (sys.executable, "-m", "tests.deploy.visitor", RUN, TOKEN)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """The image, and in it an app of a user's."""
    made = built(ROOT / "Dockerfile", ROOT, tmp_path_factory.mktemp("stages"))
    for app in ("talker", "leaving"):
        shutil.copy(ROOT / f"tests/fakes/{app}.py", made.root / "app")
    for each in (*made.root.parents, made.root):
        each.chmod(each.stat().st_mode | 0o011)  # pytest's folders are its user's alone
    return made


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A volume as it is first mounted."""
    tmp_path.chmod(0o700)
    shutil.chown(tmp_path, 10001, 10001)
    yield tmp_path


def test_nothing_is_in_it_that_only_builds_need(image: Image) -> None:
    packages = json.loads((image.root / "opt/agui-runtime/packages.json").read_text())
    names = {each["metadata"]["name"].lower() for each in packages["installed"]}
    assert {"agui-runtime", "asyncpg", "redis", "pyjwt", "uvicorn"} <= names
    assert names & {"pip", "hatchling", "editables", "pytest"} == set()
    [wires] = image.root.glob("opt/agui-runtime/lib/*/site-packages/agui_runtime/wires")
    for page in ("graphql/graphiql/dist/page.js", "ui/dist/index.html"):
        assert (wires / page).stat().st_size


async def test_strangers_are_not_served(image: Image, data: Path) -> None:
    async with running(image, data) as container:
        code, errors = await container.ended()
    assert code == 2
    assert "AGUI_TOKENS_FILE" in errors
    assert "Traceback" not in errors


async def test_it_serves_its_user_with_nothing_but_the_volume_to_write_to(
    image: Image, data: Path
) -> None:
    async with running(image, data, **TALKER) as container:
        await container.until("running on")
        assert await container.execute("id", "-u") == (0, "10001\n")
        for place in ("/app/new", "/opt/agui-runtime/new", "/tmp/new", "/new"):
            code, words = await container.execute("touch", place)
            assert (code, "Read-only" in words) == (1, True)
        assert await container.execute(*image.health_check) == (0, "")
        code, words = await container.execute("agui-runtime", "check")
        assert code == 0, words
        async with container.visited(*VISIT, "hello") as answer:
            said = (await answer.read()).decode()
        assert said.startswith("200\n")
        assert "RUN_FINISHED" in said
    assert (data / "threads.db").stat().st_uid == 10001


async def test_sigterm_lets_a_live_run_end_and_the_first_process_ends_with_0(
    image: Image, data: Path
) -> None:
    async with running(image, data, **TALKER) as container:
        await container.until("running on")
        async with container.visited(*VISIT, "count 30 0.05") as answer:
            while b"TEXT_MESSAGE_CONTENT" not in await answer.readline():
                pass
            container.stop(signal.Signals[image.stage.only("STOPSIGNAL").text])
            assert b"RUN_FINISHED" in await answer.read()
        code, errors = await container.ended()
    assert (code, errors.splitlines()[-1]) == (0, "INFO:     stopped; every run has ended")


async def test_another_container_with_the_volume_has_the_threads(image: Image, data: Path) -> None:
    for _ in range(2):
        async with running(image, data, **TALKER) as container:
            await container.until("running on")
            async with container.visited(*VISIT, "hello") as answer:
                await answer.read()
            words = ("agui-runtime", "threads", "list", "--owner", "ann", "--json")
            code, listed = await container.execute(*words)
            assert (code, len(json.loads(listed))) == (0, 1)
            container.stop(signal.SIGTERM)
            assert (await container.ended())[0] == 0


async def test_what_an_agent_leaves_behind_is_no_zombie(image: Image, data: Path) -> None:
    async with running(image, data, AGUI_APP="leaving:runtime", **KNOWN) as container:
        await container.until("running on")
        async with container.visited(*VISIT, "go") as answer:
            assert b"left" in await answer.read()
        # A zombie would stay; its end is nobody's event.
        while container.processes != ["S agui-runtime", "S tini"]:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        container.stop(signal.SIGTERM)
        assert (await container.ended())[0] == 0
