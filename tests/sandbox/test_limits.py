"""Programs that try to take more than they may, and to stay when their time is over."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.worlds import Thread, listening

MIB = 1 << 20


@pytest.fixture
def thread(tmp_path: Path) -> Thread:
    return Thread(tmp_path / "work", seconds=20)


def commands() -> Iterator[str]:
    """What runs on this machine."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it has ended
            continue


def is_running(marker: str) -> bool:
    return any(marker in each for each in commands())


async def test_a_fork_bomb_ends_with_its_sandbox(tmp_path: Path) -> None:
    thread = Thread(tmp_path, seconds=2)
    marker = "agui-fork-bomb"
    code = f"""
import os, sys, time
most = 0
while True:
    try:
        if os.fork() == 0:
            os.execvp("sleep", ["{marker}", "1000"])
        most += 1
    except OSError:
        open("most", "w").write(str(most))
        time.sleep(1000)
"""
    end = await thread.python(code)
    assert end["problems"] == ["it took longer than 2 seconds, and was ended"]
    assert 20 < int(thread.file("most").read_text()) < thread.sandbox.processes
    assert not is_running(marker)


async def test_a_process_gets_no_more_memory_than_there_is(thread: Thread) -> None:
    end = await thread.python("bytearray(600 << 20)")
    assert "MemoryError" in end["stderr"]


async def test_processes_together_get_no_more_memory_either(tmp_path: Path) -> None:
    thread = Thread(tmp_path, memory=200 * MIB, seconds=20)
    code = """
import os, time
for _ in range(8):
    if os.fork() == 0:
        held = b"x" * (60 << 20)
        time.sleep(1000)
time.sleep(1000)
"""
    assert (await thread.python(code))["problems"] == [
        "it took more than 200 MiB of memory, and was ended"
    ]


async def test_memory_of_no_process_cannot_be_made(thread: Thread) -> None:
    code = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
print([libc.shmget(0, 1 << 20, 0o1600), libc.msgget(0, 0o1600), libc.semget(0, 1, 0o1600)])
print(libc.syscall(319 if os.uname().machine == "x86_64" else 279, b"x", 0))
"""
    assert await thread.prints(code) == "[-1, -1, -1]\n-1"


async def test_buffers_of_sockets_cannot_take_memory_of_the_kernel(thread: Thread) -> None:
    code = """
import os, socket, time
for _ in range(10):
    if os.fork() == 0:
        held = [socket.socketpair() for _ in range(50)]
        time.sleep(1000)
time.sleep(1000)
"""
    end = await thread.python(code)
    assert end["problems"] == ["it opened too many sockets, and was ended"]


async def test_the_disk_is_not_filled(tmp_path: Path) -> None:
    thread = Thread(tmp_path, files=4 * MIB, seconds=20)
    code = """
import os
for place in (".", "/tmp", "/dev/shm"):
    held = []
    try:
        for number in range(100):
            file = open(f"{place}/{number}", "wb", buffering=0)
            if number % 2:
                os.unlink(file.name)  # it takes room, and has no name
            held.append(file)
            file.write(b"x" * (1 << 20))
    except OSError as error:
        print(error.errno)
"""
    assert await thread.prints(code) == "28\n28\n28"
    assert sum(path.stat().st_size for path in thread.stored if path.is_file()) <= 4 * MIB


async def test_files_that_only_seem_to_be_large_are_not_stored(tmp_path: Path) -> None:
    thread = Thread(tmp_path, files=4 * MIB)
    await thread.shell("echo before > before")
    end = await thread.shell("rm before; for i in 1 2 3; do truncate -s 3M hole$i; done")
    assert end["problems"] == [
        "its files were not stored, the folder is as it was before: it may have 4,194,304 bytes"
        " and 10,000 files"
    ]
    assert [path.name for path in thread.stored][1:] == ["files", "before"]


async def test_a_flood_of_files_ends_its_program(thread: Thread) -> None:
    code = "for number in range(1_000_000): open(f'{number}', 'w').close()"
    end = await thread.python(code)
    assert end["problems"][0] == "it made too many files, and was ended"


async def test_a_work_folder_that_its_program_closed_is_stored(thread: Thread) -> None:
    await thread.shell("mkdir a; echo text > a/b; chmod 0 a/b a .")
    assert (await thread.shell("cat a/b"))["stdout"] == "text\n"


async def test_what_a_flood_prints_is_cut_in_the_middle(tmp_path: Path) -> None:
    thread = Thread(tmp_path, output=1000)
    end = await thread.python("print('begin' + 'x' * 5_000_000 + 'end')")
    assert end["exit_code"] == 0
    assert end["stdout"].startswith("beginxx")
    assert end["stdout"].endswith("xxend\n")
    assert "[4999009 bytes left out]" in end["stdout"]
    assert len(end["stdout"]) < 1100


async def test_what_goes_on_in_the_background_ends_with_its_program(thread: Thread) -> None:
    marker = "agui-left-behind"
    code = f"""
import os
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execvp("sleep", ["{marker}", "1000"])
    os._exit(0)
os.wait()
print("gone")
"""
    assert await thread.prints(code) == "gone"
    assert not is_running(marker)


async def test_a_server_that_is_killed_leaves_nothing(tmp_path: Path) -> None:
    async with listening() as (port, clients):
        program = f"""
import asyncio
from pathlib import Path
from tests.sandbox.worlds import Thread
code = '''
import os, socket, time
connection = socket.create_connection(("127.0.0.1", {port}))
os.fork()
time.sleep(1000)
'''
asyncio.run(Thread(Path({json.dumps(str(tmp_path))}), network=True, seconds=100).python(code))
"""
        server = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
        client = await clients.get()
        server.send_signal(signal.SIGKILL)
        await server.wait()
        assert await client.read() == b""
