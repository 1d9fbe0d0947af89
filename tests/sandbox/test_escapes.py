"""Programs that try to get out of their sandbox, to stay in it, or to take more than they may."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

import pytest

from tests.sandbox.worlds import Thread, listening, stored_in

SECRET = "what only the server may know"


@pytest.fixture
def thread(tmp_path: Path) -> Thread:
    return Thread(tmp_path / "work", seconds=20)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(SECRET)
    path.chmod(0o644)
    return path


async def test_no_file_of_this_machine_can_be_read(thread: Thread, secret: Path) -> None:
    places = [
        str(secret),
        "/etc/passwd",
        "/etc/shadow",
        "/etc/hostname",
        "/var/log",
        "/boot",
        "/sys",
    ]
    places += [__file__, str(Path.home() / ".bashrc"), "/root/.ssh", "/proc/1/root/etc/passwd"]
    code = f"""
import os
for path in {places}:
    try:
        print(os.listdir(path) if os.path.isdir(path) else open(path).read())
    except OSError:
        pass
"""
    assert await thread.prints(code) == ""


async def test_nothing_of_this_machine_can_be_written(thread: Thread) -> None:
    code = """
import os, sys
places = ["/", "/usr/bin", "/etc", "/dev", "/run", "/proc/sys/kernel", "/bin"]
places += [os.path.dirname(sys.executable)]
places += [each for each in sys.path if os.path.isdir(each)]
for place in places:
    try:
        open(place + "/planted", "w").write("x")
        if not place.startswith("/tmp/"):  # which is the sandbox's own
            print("written:", place)
    except OSError:
        pass
for program in ("/bin/true", sys.executable, os.path.realpath(sys.executable)):
    for change in (os.unlink, lambda it: os.chmod(it, 0o777), lambda it: open(it, "a")):
        try:
            change(program)
            print("changed:", program)
        except OSError:
            pass
"""
    assert await thread.prints(code) == ""


CONNECT = """
import socket
socket.create_connection(("127.0.0.1", {port}), 5).close()
print("connected")
"""


async def test_loopback_of_this_machine_is_not_reached(thread: Thread) -> None:
    async with listening() as (port, clients):
        end = await thread.python(CONNECT.format(port=port))
        assert end["exit_code"] == 1
        assert "ConnectionRefusedError" in end["stderr"]
        assert clients.empty()


async def test_with_network_it_is(tmp_path: Path) -> None:
    async with listening() as (port, clients):
        assert await Thread(tmp_path, network=True).prints(CONNECT.format(port=port)) == "connected"
        assert (await clients.get()) is not None


async def test_no_other_way_leads_to_a_network(thread: Thread) -> None:
    code = """
import os, socket
print([line.split(":")[0].strip() for line in open("/proc/net/dev") if ":" in line])
def attempt(name, *arguments):
    try:
        socket.socket(*arguments[:-1]).connect(arguments[-1])
        print(name, "connected")
    except OSError as error:
        print(name, error.errno)
attempt("elsewhere", socket.AF_INET, socket.SOCK_STREAM, ("93.184.216.34", 80))
attempt("vsock", socket.AF_VSOCK, socket.SOCK_STREAM, (2, 1))
attempt("packet", socket.AF_PACKET, socket.SOCK_RAW, ("lo", 0))
attempt("raw", socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP, ("127.0.0.1", 0))
"""
    lines = (await thread.prints(code)).splitlines()
    assert lines == ["['lo']", "elsewhere 101", "vsock 1", "packet 1", "raw 1"]


async def test_abstract_sockets_of_this_machine_are_not_reached(thread: Thread) -> None:
    name = f"agui-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"\0{name}")
        listener.listen()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(f"\0{name}")  # from outside
        code = f"import socket; socket.socket(socket.AF_UNIX).connect('\\0{name}')"
        assert "ConnectionRefusedError" in (await thread.python(code))["stderr"]


async def test_links_out_of_the_work_folder_are_not_stored(thread: Thread, secret: Path) -> None:
    command = f"""
ln -s {secret} file; ln -s {secret.parent} folder; ln -s / root; ln -s ../../../key key
mkdir inside && ln -s {secret} inside/file && mkfifo pipe && echo plain > plain
"""
    end = await thread.shell(command)
    assert end["problems"] == ["6 links, or files that are too deep, were not stored"]
    names = [path.name for path in thread.stored]
    assert names[1:] == ["files", "inside", "plain"]
    assert not any(path.is_symlink() for path in thread.stored)
    assert (await thread.shell("cat file folder/* plain"))["stdout"] == "plain\n"


async def test_hard_links_and_setuid_bits_are_not_stored(thread: Thread) -> None:
    end = await thread.shell(
        "ln /bin/true linked; echo a > a; ln a b; chmod 7777 a; cp /bin/id id; chmod 4755 id;"
        " echo c > c; chmod 000 c"
    )
    assert "linked" in end["stderr"]
    a, b, program = (thread.file(name).stat() for name in ("a", "b", "id"))
    assert a.st_nlink == b.st_nlink == 1
    assert {each.st_mode & 0o7777 for each in (a, program)} == {0o700}
    assert thread.file("c").read_text() == "c\n"


async def test_no_program_gets_the_rights_of_another_user(thread: Thread) -> None:
    command = """
grep -E 'NoNewPrivs|CapEff|CapBnd|Uid|Seccomp:' /proc/self/status
cp /bin/id id; chmod 4755 id; ./id -u
for program in $(find /usr/bin /usr/sbin -perm -4000 -name 'su*' -o -perm -4000 -name 'mount'); do
  $program -c id root </dev/null >/dev/null 2>&1 && echo "$program works"
done
mount -t tmpfs none /tmp 2>/dev/null && echo mounted
unshare -Ur id 2>/dev/null && echo "a namespace of users"
chroot / id 2>/dev/null && echo chroot
exit 0
"""
    lines = (await thread.shell(command))["stdout"].split("\n")
    values = {name: value.split() for name, _, value in (line.partition(":") for line in lines)}
    assert values["NoNewPrivs"] == ["1"]
    assert values["Seccomp"] == ["2"]
    assert values["CapEff"] == values["CapBnd"] == ["0" * 16]
    assert "0" not in values["Uid"]
    assert lines[-2] == values["Uid"][0]


async def test_nobody_outside_gets_a_signal(thread: Thread) -> None:
    outside = await asyncio.create_subprocess_exec("sleep", "1000")
    try:
        code = f"""
import os, signal
for number in ({outside.pid}, {os.getpid()}, {os.getppid()}):
    try:
        os.kill(number, signal.SIGKILL)
        print("reached", number)
    except OSError:
        pass
print(sorted(int(name) for name in os.listdir("/proc") if name.isdigit())[-1] < 10)
os.kill(-1, signal.SIGTERM)
"""
        assert "reached" not in (await thread.python(code))["stdout"]
        assert outside.returncode is None
    finally:
        outside.kill()
        await outside.wait()


async def test_the_environment_of_the_server_is_nowhere(
    thread: Thread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    code = """
import glob, os
print(sorted(os.environ))
for path in glob.glob("/proc/*/environ") + glob.glob("/proc/*/cmdline"):
    try:
        print(open(path).read())
    except OSError:
        pass
"""
    printed = await thread.prints(code)
    assert printed.startswith("['HOME', 'LANG', 'MALLOC_ARENA_MAX', 'PATH', 'TMPDIR']\n")
    assert SECRET not in printed


async def test_no_descriptor_of_the_server_is_inherited(thread: Thread, secret: Path) -> None:
    with secret.open() as file:
        os.set_inheritable(file.fileno(), True)
        code = "import os; print(sorted(int(each) for each in os.listdir('/proc/self/fd')))"
        # Three of the program's own, one for a function's result, one for the listing.
        assert await thread.prints(code) == "[0, 1, 2, 3, 4]"


async def test_the_first_process_cannot_be_watched_stopped_or_ended(tmp_path: Path) -> None:
    thread = Thread(tmp_path, seconds=2)
    code = """
import ctypes, os, signal, time
for path in ("environ", "mem", "fd", "root", "maps", "cwd"):
    try:
        look = os.listdir if path in ("fd", "root", "cwd") else lambda it: open(it).read(1)
        look(f"/proc/1/{path}")
        print("read", path, flush=True)
    except OSError:
        pass
print(ctypes.CDLL(None).ptrace(16, 1, 0, 0), flush=True)
for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
    os.kill(1, number)
time.sleep(1000)
"""
    end = await thread.python(code)
    assert end["stdout"] == "-1\n"
    assert end["problems"] == ["it took longer than 2 seconds, and was ended"]


async def test_there_is_no_terminal_to_type_into(thread: Thread) -> None:
    assert "OSError" in (await thread.python("open('/dev/tty')"))["stderr"]


async def test_threads_and_owners_have_folders_apart(tmp_path: Path) -> None:
    threads = [
        Thread(tmp_path, thread=thread, owner=owner)
        for owner in ("ann", "bob")
        for thread in ("t1", "t2", "../t1", "/etc", "t1\0", "")
    ]
    for number, each in enumerate(threads):
        assert (await each.shell(f"ls; echo {number} > mine"))["stdout"] == ""
    for number, each in enumerate(threads):
        assert (await each.shell("cat *"))["stdout"] == f"{number}\n"
    folders = [path for path in stored_in(tmp_path) if path.parent == tmp_path]
    assert len(folders) == len(threads)
    assert {path.stat().st_mode & 0o7777 for path in folders} == {0o700}
    assert (tmp_path / "key").stat().st_mode & 0o7777 == 0o600


async def test_names_of_work_folders_cannot_be_told_by_who_knows_the_thread(tmp_path: Path) -> None:
    one, other = Thread(tmp_path / "one"), Thread(tmp_path / "other")
    for each in (one, other):
        await each.shell("true")
    assert one.stored[0].name != other.stored[0].name
