"""An image built, and a container run, without Docker: folders, mounts and namespaces of Linux.

The steps of a Dockerfile are carried out in a folder of each stage, with this machine's programs
(mounted read-only) in place of the base image's. A container is that folder, read-only, with
process numbers and a network of its own. Wants root, as a builder of images does.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from scripts import files_below, make_venv
from tests.deploy.dockerfile import VARIABLE, Stage, Step, is_sent, pairs, rules_of, stages_of

LENT = ("bin", "sbin", "lib", "lib64", "usr", "etc", "dev")
"""What a base image would have."""

PYTHON = "python-of-base"
SKIPPED = ("apt-get",)
"""Steps that begin so bring packages of the system, which this machine has to have."""


class Image(NamedTuple):
    """A folder with a root's files, and what the last stage says about running it."""

    root: Path
    stage: Stage
    env: Mapping[str, str]
    folder: str

    @property
    def user(self) -> str:
        return self.stage.only("USER").text

    @property
    def command(self) -> list[str]:
        return [*self.stage.only("ENTRYPOINT").words, *self.stage.only("CMD").words]

    @property
    def health_check(self) -> list[str]:
        return Step("CMD", self.stage.only("HEALTHCHECK").text.partition(" CMD ")[2]).words


def built(dockerfile: Path, context: Path, folder: Path) -> Image:
    """Carry out the Dockerfile; raises CalledProcessError where a step fails."""
    images: dict[str, Image] = {}
    for stage in stages_of(dockerfile):
        images[stage.name] = _Building(stage, context, folder / (stage.name or "image")).run(images)
    return images[""]


class _Building:
    """One stage while it is carried out."""

    def __init__(self, stage: Stage, context: Path, root: Path) -> None:
        self._stage, self._context, self._root = stage, context, root
        self._folder = "/"
        self._env = {"PATH": f"/{PYTHON}/bin:{os.environ['PATH']}", "HOME": "/tmp"}

    def run(self, images: Mapping[str, Image]) -> Image:
        (self._root / "tmp").mkdir(parents=True)
        (self._root / "tmp").chmod(0o1777)
        if self._stage.base.startswith("python"):
            make_venv(self._root / PYTHON)
        for step in self._stage.steps:
            if step.name == "COPY":
                self._copy(step.words, images)
            elif step.name in {"ARG", "ENV"}:
                expanded = VARIABLE.sub(lambda it: self._env[it[1]], step.text)
                self._env |= pairs(expanded)
            elif step.name == "WORKDIR":
                self._folder = step.text
                self._at(".").mkdir(parents=True, exist_ok=True)
            elif step.name == "RUN" and not step.text.startswith(SKIPPED):
                inside = inside_of(self._root, "exec sh -c " + shlex.quote(step.text))
                env = os.environ | self._env | {"HERE": self._folder}
                subprocess.run(inside, check=True, env=env, stdout=subprocess.DEVNULL)
        return Image(self._root, self._stage, self._env, self._folder)

    def _at(self, path: str) -> Path:
        return self._root / str(Path(self._folder, path)).lstrip("/")

    def _copy(self, words: Sequence[str], images: Mapping[str, Image]) -> None:
        *sources, target = words
        if sources[0].startswith("--from="):
            stage, source = images[sources[0].removeprefix("--from=")], sources[1]
            shutil.copytree(stage.root / source.lstrip("/"), self._at(target), symlinks=True)
            return
        rules = rules_of(self._context / ".dockerignore")
        for source in sources:
            place = self._context / source
            files = files_below(place) if place.is_dir() else [place]
            for file in files:
                if not is_sent(str(file.relative_to(self._context)), rules):
                    continue
                to = self._at(target) / (file.relative_to(place) if place.is_dir() else file.name)
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file, to)


def inside_of(root: Path, command: str, *last: str, apart: str = "") -> list[str]:
    """The words that run a shell's command in the root, in the folder $HERE, after the commands of
    `last`; `apart` is what else the command has for itself.
    """
    lines = ["set -e", f"mount --bind {root} {root}"]
    for name in LENT:
        place = Path("/", name)
        if place.is_symlink():
            lines.append(f"ln -sfn {os.readlink(place)} {root}/{name}")
        elif place.is_dir():
            lines += _lent(place, root)
    if Path(sys.base_prefix).parts[1] not in LENT:
        lines += _lent(Path(sys.base_prefix), root)
    lines += [f"mkdir -p {root}/proc", f"mount -t proc proc {root}/proc", *last]
    lines.append(f"exec chroot {root} sh -c " + shlex.quote(f'cd "$HERE"; {command}'))
    # The mounts are for this process alone, and end with it.
    spaces = ("--mount", "--pid", "--fork", *apart.split())
    return ["unshare", *spaces, "sh", "-c", "\n".join(lines)]


def _lent(place: Path, root: Path) -> list[str]:
    target = f"{root}{place}"
    read_only = f"mount -o remount,bind,ro {target}"
    return [f"mkdir -p {target}", f"mount --rbind {place} {target}", read_only]


class Container:
    """A running one, and what it writes."""

    def __init__(
        self, process: asyncio.subprocess.Process, image: Image, env: Mapping[str, str]
    ) -> None:
        self.process = process
        self._image = image
        self._env = env

    @property
    def first(self) -> int:
        """The container's process 1, as this machine counts it."""
        number = self.process.pid
        [child] = Path(f"/proc/{number}/task/{number}/children").read_text().split()
        return int(child)

    @property
    def processes(self) -> list[str]:
        """What runs in it, and what has ended and was not waited for: states and names."""
        space = os.readlink(f"/proc/{self.first}/ns/pid")
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            try:
                if os.readlink(place / "ns/pid") == space:
                    name, _, rest = (place / "stat").read_text().partition("(")[2].rpartition(")")
                    found.append(f"{rest.split()[0]} {name}")
            except OSError:  # it has ended meanwhile
                continue
        return sorted(found)

    def stop(self, number: int) -> None:
        os.kill(self.first, number)

    async def until(self, words: str) -> None:
        """Read what it writes up to a line with these words."""
        assert self.process.stderr is not None
        lines = ""
        while words not in lines:
            line = (await self.process.stderr.readline()).decode()
            assert line, f"{words!r} never came: {lines}"
            lines += line

    async def ended(self) -> tuple[int | None, str]:
        """Its exit code, and what it wrote to its end."""
        _, errors = await self.process.communicate()
        return self.process.returncode, errors.decode()

    async def execute(self, *words: str) -> tuple[int | None, str]:
        """Run a command in it, as `docker exec` does; its exit code and output."""
        spaces = ("--mount", "--pid", "--net", "--root", "--wd")
        process = await asyncio.create_subprocess_exec(
            *("nsenter", "--target", str(self.first), *spaces, *_as_user(self._image), *words),
            env=self._env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await process.communicate()
        return process.returncode, out.decode()

    @asynccontextmanager
    async def visited(self, *words: str) -> AsyncIterator[asyncio.StreamReader]:
        """What a program of this machine in its network writes."""
        process = await asyncio.create_subprocess_exec(
            *("nsenter", "--target", str(self.first), "--net", *words),
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        try:
            yield process.stdout
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()


@asynccontextmanager
async def running(image: Image, data: Path, **settings: str) -> AsyncIterator[Container]:
    """A container of the image with `data` as its volume; nothing else in it can be written."""
    volume = image.root / image.stage.only("VOLUME").text.lstrip("/")
    last = (
        "ip link set lo up",
        f"mount --bind {data} {volume}",
        f"mount -o remount,bind,ro {image.root}",
    )
    command = f"exec {shlex.join([*_as_user(image), *image.command])}"
    env = {**image.env, "HERE": image.folder, **settings}
    process = await asyncio.create_subprocess_exec(
        *inside_of(image.root, command, *last, apart="--net"),
        env=env,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    container = Container(process, image, env)
    try:
        yield container
    finally:
        if process.returncode is None:
            container.stop(signal.SIGKILL)
        await process.communicate()


def _as_user(image: Image) -> list[str]:
    user, _, group = image.user.partition(":")
    ids = (f"--reuid={user}", f"--regid={group}", "--clear-groups")
    return ["setpriv", *ids, "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"]
