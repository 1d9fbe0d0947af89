"""One program, carried out in a sandbox of its own; it ends with the run that wanted it."""

from __future__ import annotations

import asyncio
import os
import struct
import tempfile
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import ExitStack, asynccontextmanager
from typing import IO, NamedTuple

import orjson

from agui_runtime.agents.agent import current_run
from agui_runtime.core.errors import AguiError, Misconfigured
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.core.log_lines import logger_of
from agui_runtime.off_loop import beside
from agui_runtime.sandbox.box import Sandbox
from agui_runtime.sandbox.inside.folder_stream import MOST_ENTRIES, Malformed
from agui_runtime.sandbox.work_folders import WorkFolder, WorkFolders

logger = logger_of(__name__)

GRACE = 30.0
"""Beside its own time, so long may a sandbox take to begin and to hand out its files."""

_LONGEST_HEAD = 16 << 20
_SHOWN = 1000


class SandboxFailure(AguiError):
    """What was carried out in a sandbox gave no result; the message is for the model that called
    it.
    """

    code, status = "SANDBOX_FAILED", 500


class Program(NamedTuple):
    """A command, its standard input, and what more it must see of the machine."""

    command: Sequence[str]
    input: bytes
    shows: Sequence[str] = ()


class Ended(NamedTuple):
    """How a program ended: `by` itself, or by the limit of that name. `problems` are what became of
    its files, for whoever made them.
    """

    by: str
    code: int | None
    stdout: str
    stderr: str
    result: str
    is_whole: bool
    problems: Sequence[str]


async def ended(program: Program, sandbox: Sandbox) -> Ended:
    """Carry it out in the work folder of the present thread, or in an empty one where there is no
    thread. Raises SandboxFailure. A task that is cancelled leaves no process; of a program that has
    not ended by then it stores nothing.
    """
    try:
        return await _ended(program, sandbox, WorkFolders(sandbox.root))
    except (OSError, Misconfigured) as error:
        logger.error("a sandbox failed: %s", error)
        raise SandboxFailure("the server cannot carry this out now; its log tells why") from error


async def _ended(program: Program, sandbox: Sandbox, folders: WorkFolders) -> Ended:
    async with _folder(folders) as folder:
        with ExitStack() as stack:
            folders.make()
            files = [
                stack.enter_context(tempfile.TemporaryFile(dir=folders.root)) for _ in range(3)
            ]
            given, out, errors = files
            await beside(lambda: _fill(given, folder, program.input))
            stores = folder is not None
            command = sandbox.calling(program.command, stores=stores, shows=program.shows)
            await _carry_out(command, files, sandbox.seconds + GRACE)
            return await _to_its_end(beside(lambda: _read(out, errors, folder, sandbox)))


async def _to_its_end(storing: Coroutine[object, object, Ended]) -> Ended:
    """What is being stored is, also for a run that was stopped meanwhile: the folder is free for
    the next one only then.
    """
    task = asyncio.create_task(storing)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.gather(task, return_exceptions=True)
        raise


@asynccontextmanager
async def _folder(folders: WorkFolders) -> AsyncIterator[WorkFolder | None]:
    run = current_run.get(None)
    if run is None or run.ephemeral or run.thread_id is None:
        yield None
        return
    async with folders.held(run.caller.owner, run.thread_id) as folder:
        yield folder


def _fill(given: IO[bytes], folder: WorkFolder | None, input_: bytes) -> None:
    if folder is None:
        given.write(NOTHING)
    else:
        folder.pack_into(given)
    given.write(input_)
    given.flush()


async def _carry_out(command: Sequence[str], files: Sequence[IO[bytes]], patience: float) -> None:
    given, out, errors = files
    # Opened again, so that what is within the sandbox cannot write to it.
    reading = os.open(f"/proc/self/fd/{given.fileno()}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=reading,
            stdout=out,
            stderr=errors,
            env=_ENVIRONMENT,
            start_new_session=True,
        )
    finally:
        os.close(reading)
    try:
        async with asyncio.timeout(patience):
            await process.wait()
    except TimeoutError:
        raise SandboxFailure("the sandbox took too long to begin or to end") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _read(out: IO[bytes], errors: IO[bytes], folder: WorkFolder | None, sandbox: Sandbox) -> Ended:
    out.seek(0)
    try:
        about = _head(out)
        problems = _stored(about, out, folder, sandbox)
        return Ended(
            by=about["ended_by"],
            code=about["code"],
            stdout=about["stdout"]["text"],
            stderr=about["stderr"]["text"],
            result=about["result"]["text"],
            is_whole=not about["result"]["cut"],
            problems=problems,
        )
    except (Malformed, KeyError, TypeError, orjson.JSONDecodeError) as error:
        errors.seek(0)
        words = errors.read(_SHOWN).decode(errors="replace")
        logger.error("a sandbox ended without a result: %s", words or repr(error))
        raise SandboxFailure("the sandbox ended without a result") from error


def _head(out: IO[bytes]) -> JsonObject:
    size = out.read(_SIZE.size)
    if len(size) < _SIZE.size or _SIZE.unpack(size)[0] > _LONGEST_HEAD:
        raise Malformed("there is no answer")
    head: JsonObject = orjson.loads(out.read(_SIZE.unpack(size)[0]))
    return head


def _stored(
    about: JsonObject, out: IO[bytes], folder: WorkFolder | None, sandbox: Sandbox
) -> list[str]:
    """Store what came out of the work folder; what did not, in words."""
    if folder is None:
        return []
    if not about["stored"]:
        return [
            f"its files were not stored, the folder is as it was before: it may have"
            f" {sandbox.files:,} bytes and {MOST_ENTRIES:,} files"
        ]
    folder.replace_by(out, sandbox.files)
    count = about["skipped"]
    return [f"{count} links, or files that are too deep, were not stored"] if count else []


_SIZE = struct.Struct(">I")

NOTHING = struct.pack(">BHQ", 3, 0, 0)
"""The stream of an empty folder."""

_ENVIRONMENT = {"LANG": "C.UTF-8"}
"""Of what begins a sandbox: nothing of the server's own."""
