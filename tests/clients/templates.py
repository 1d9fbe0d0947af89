"""What `agui-runtime new` writes, tried as by a newcomer: the wheel in an empty environment, the
commands exactly as they are printed, the page in Chromium.

`python3 scripts.py templates [template ...]` runs it; it is no test, as it installs five frameworks
and a page.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from agui_runtime.commands.new.table import TEMPLATES
from scripts import ROOT, make_venv, say
from tests.clients.browser import Browser, Tab
from tests.clients.chat import INPUT, Chat
from tests.deploy.container import built, running
from tests.fakes.model import ModelServer
from tests.ports import free_port

ALBUM = Path(__file__).parent / "artifacts" / "templates"
COMMAND = re.compile(r"^  (\S.*)$", re.MULTILINE)
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
PACKAGE = re.compile(r"\"(/node_modules/\.vite/deps/[^\"]+)\"")
SHOW = "from urllib.request import urlopen as u; print(u('http://127.0.0.1:8000/').read().decode())"
WEATHER = '[tool:weather {"city":"Oslo"}] please'


class NewChat(Chat):
    """The chat of the page that is written."""

    ALERTS = "[role=alert]"

    async def say(self, text: str) -> None:
        """Write a message and send it; while it connects, the chat lets Enter pass unnoticed."""
        await self.tab.wait(f"() => !!document.querySelector('{INPUT}')")
        await self.insist(text)


@dataclass(frozen=True)
class Place:
    """An empty folder, an environment with the wheel, and what is set while commands run there."""

    folder: Path
    environ: Mapping[str, str]

    async def run(self, command: str, below: str = "") -> str:
        """What the command prints; it has to succeed."""
        say(f"$ {command}")
        process = await self._begin(command, below)
        out, _ = await process.communicate()
        assert process.returncode == 0, f"{command}\n{out.decode()}"
        return out.decode()

    @asynccontextmanager
    async def running(self, command: str, ready: str, below: str = "") -> AsyncIterator[str]:
        """The command while the block runs; yields what it printed until `ready` was in it."""
        say(f"$ {command}")
        process = await self._begin(command, below)
        assert process.stdout is not None
        printed = ""
        try:
            while ready not in printed:
                line = await process.stdout.readline()
                assert line, f"{command}\n{printed}"
                printed += re.sub(r"\x1b\[[\d;]*m", "", line.decode())
            yield printed
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGTERM)
            await process.communicate()

    async def _begin(self, command: str, below: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_shell(
            command,
            cwd=self.folder / below,
            env=self.environ,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )


async def trial(browser: Browser, place: Place, template: str) -> None:
    """One template, from its writing to the chat that its container would serve."""
    printed = await place.run(f"agui-runtime new demo --template {template}")
    install, *serve, page = COMMAND.findall(printed)
    await place.run(install)
    await place.run("python -m pip install '.[test]' && python -m pytest", "demo")
    await place.run("mypy && ruff check && ruff format --check", "demo")
    async with ModelServer(delay=0.005) as model:
        port = free_port()
        set_up(place.folder / "demo", model, port)
        async with served(place, serve, port):
            vite = f"{page} -- --port {free_port()} --strictPort"
            async with place.running(vite, "Local:") as shown:
                [address] = ADDRESS.findall(shown)
                await bundled(address)
                await chat(browser, address, ALBUM / template / "development")
        await place.run("npm run build", "demo/page")
        async with served(place, serve, port):
            await chat(browser, f"http://127.0.0.1:{port}", ALBUM / template / "built")
    await contained(place.folder)


async def contained(folder: Path) -> None:
    """The project's image is built, and its container has the page and feels well."""
    say("building its image")
    project, data = folder / "demo", folder / "data"
    image = await asyncio.to_thread(built, project / "Dockerfile", project, folder / "image")
    data.mkdir()
    os.chown(data, *map(int, image.user.split(":")))
    settings = {"OPENAI_API_KEY": "sk-test", "AGUI_ALLOW_ANONYMOUS": "1"}
    async with running(image, data, **settings) as container:
        await container.until("running on")
        assert (await container.execute(*image.health_check))[0] == 0
        code, page = await container.execute("python", "-c", SHOW)
        assert (code, "/assets/" in page) == (0, True), page
    assert (data / "threads.db").is_file()


@asynccontextmanager
async def served(place: Place, commands: Sequence[str], port: int) -> AsyncIterator[None]:
    """The template's programs, the last one, which is the page's, at this port."""
    *others, last = commands
    async with AsyncExitStack() as stack:
        for command in (*others, f"{last} --port {port}"):
            await stack.enter_async_context(place.running(command, "running on", "demo"))
        yield


def set_up(project: Path, model: ModelServer, port: int) -> None:
    """Put a key into .env, as one does, have the model's place taken, and another port served."""
    file = project / ".env"
    text = file.read_text().replace("OPENAI_API_KEY=", "OPENAI_API_KEY=sk-test")
    file.write_text(f"{text}OPENAI_BASE_URL={model.url}\nRUNTIME_URL=http://127.0.0.1:{port}\n")


async def bundled(address: str) -> None:
    """Wait until Vite has put the page's packages together, which takes long once."""
    async with httpx.AsyncClient(base_url=address, timeout=120) as client:
        program = await client.get("/src/App.tsx")
        for path in PACKAGE.findall(program.text):
            (await client.get(path)).raise_for_status()


async def chat(browser: Browser, address: str, album: Path) -> None:
    tab = await browser.open(address)
    page = NewChat(tab, album)
    await page.say("hello")
    await page.answers("You said: hello")
    await page.say(WEATHER)
    await page.answers("sunny in Oslo")
    await page.picture("chat")
    before = await page.messages()
    await tab.reload()
    await page.shows(before)
    await page.say("[error:400]")
    await page.error()
    await page.picture("error")
    await tab.click("header button")
    await tab.wait("() => !document.querySelector('.copilotKitMessage, [role=alert]')")
    await page.say("hello again")
    await page.answers("You said: hello again")
    await check_loads(tab, address)
    await tab.close()


async def check_loads(tab: Tab, address: str) -> None:
    """The page asks nobody but the server that it came from."""
    urls = [request.url for request in await tab.traffic()]
    assert [url for url in urls if not url.startswith((address, "data:", "blob:"))] == []


async def main(names: Sequence[str]) -> None:
    with TemporaryDirectory() as folder:
        wheel = built_wheel(Path(folder))
        async with Browser() as browser:
            for name in names or TEMPLATES:
                say(name)
                with TemporaryDirectory() as empty:
                    await trial(browser, newcomer(Path(empty), wheel), name)
                say(f"{name} does what it says; pictures are in {(ALBUM / name).relative_to(ROOT)}")


def built_wheel(folder: Path) -> Path:
    words = ("-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT))
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
    [wheel] = folder.glob("*.whl")
    return wheel


def newcomer(folder: Path, wheel: Path) -> Place:
    """An empty folder, and an environment in use that has nothing but the wheel."""
    environment = folder / ".venv"
    make_venv(environment)
    programs = environment / "bin"
    subprocess.run([programs / "python", "-m", "pip", "install", "--quiet", wheel], check=True)
    usual = {
        key: text for key, text in os.environ.items() if not key.startswith(("AGUI_", "OPENAI_"))
    }
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    return Place(folder, usual | {"PATH": path, "PYTHONUNBUFFERED": "1"})


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
