"""The arguments of `agui-runtime chat`, and what they ask for."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from agui_runtime.commands.task_table import Commands
from agui_runtime.core.errors import AguiError, InvalidInput, Misconfigured
from agui_runtime.core.terminal_text import in_one_line, safe

if TYPE_CHECKING:
    from agui_runtime.commands.chat.peer import Peer
    from agui_runtime.commands.chat.session import Session
    from agui_runtime.commands.chat.turn import LoopThread

ABOUT = "talk to an agent in the terminal: of the app in this process, or at any AG-UI URL"


def add_chat(commands: Commands) -> None:
    """Add `chat` to the command line."""
    chat = commands.add_parser("chat", help=ABOUT, description=ABOUT)
    chat.add_argument("text", nargs="?", metavar="TEXT", help="one message; - reads it from stdin")
    chat.add_argument(
        "--agent", metavar="A", help="default: the one named default, or the only one"
    )
    chat.add_argument("--thread", metavar="T", help="go on with it; a live run is shown to its end")
    about = "a runtimeUrl, or an AG-UI agent; without it the app that AGUI_APP names answers"
    chat.add_argument("--url", metavar="U", help=about)
    chat.add_argument("--token", help="a bearer token for the URL")
    about = "a file that holds it: others on this machine can see arguments"
    chat.add_argument("--token-file", metavar="FILE", help=about)
    about = "whose threads these are, in this process's app; default: anonymous"
    chat.add_argument("--owner", metavar="O", help=about)
    chat.add_argument("--json", action="store_true", help="print one event a line")
    chat.set_defaults(command=_chat)


def _chat(options: argparse.Namespace) -> int:
    from agui_runtime.commands.chat.session import Reported
    from agui_runtime.commands.chat.turn import LoopThread

    _check(options)
    with LoopThread() as thread:
        try:
            with _open_peer(options, thread) as peer:
                return _talk(options, thread, peer)
        except Reported:
            return 2
        except AguiError as error:
            sys.stderr.write(safe(f"agui-runtime: {error.code}: {error.message}\n"))
            return 2


def _check(options: argparse.Namespace) -> None:
    """Raises InvalidInput for what cannot go together."""
    if options.url is None and (options.token or options.token_file):
        raise InvalidInput("--token is for a --url; in this process say whose threads by --owner")
    if options.url is not None and options.owner:
        raise InvalidInput("--owner is for this process's app; a --url knows you by your --token")
    if options.token and options.token_file:
        raise InvalidInput("--token and --token-file: give one of them")


@contextmanager
def _open_peer(options: argparse.Namespace, thread: LoopThread) -> Iterator[Peer]:
    peer = _remote(options, thread) if options.url else _local(options)
    try:
        thread.run(peer.open())
        yield peer
    finally:
        thread.run(peer.close())


def _remote(options: argparse.Namespace, thread: LoopThread) -> Peer:
    from agui_runtime.commands.chat.remote import Address, found_at

    return thread.run(found_at(Address(options.url, _token(options)), options.agent))


def _token(options: argparse.Namespace) -> str | None:
    if options.token_file is None:
        return str(options.token) if options.token else None
    try:
        return Path(options.token_file).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"--token-file {options.token_file} cannot be read: {error}") from None


def _local(options: argparse.Namespace) -> Peer:
    from agui_runtime.commands.chat.local import LocalPeer
    from agui_runtime.commands.hosting import hosted
    from agui_runtime.commands.log_output import write_lines
    from agui_runtime.commands.stores import examine_stores

    found = hosted()
    examine_stores(found.runtimes, found.settings)
    write_lines(found.settings.quiet())
    return LocalPeer(found, options.agent, options.owner)


def _talk(options: argparse.Namespace, thread: LoopThread, peer: Peer) -> int:
    from agui_runtime.commands.chat.session import Session
    from agui_runtime.commands.chat.views import Silent, view_for
    from agui_runtime.commands.environment import wants_colours

    is_there = sys.stdin.isatty()
    view = Silent() if options.json else view_for(sys.stdout, colours=wants_colours())
    thread_id = options.thread or str(uuid4())
    session = Session(peer, view, thread_id, _read if is_there else None)
    if options.json:
        session.print_events()
    elif is_there and options.text is None:
        view.line("note", f"{peer.where}\nthread {thread_id}; Ctrl-D ends")
    text = _text(options.text, is_there=is_there)
    if options.thread:
        code = session.attach(thread, whole=text is None)
        if code or (text is None and not is_there):
            return code
    if text is not None:
        if not text.strip():
            raise InvalidInput("there is nothing to say: give a TEXT, or pipe one in")
        return _one_message(session, thread, text)
    return _converse(session, thread)


def _one_message(session: Session, thread: LoopThread, text: str) -> int:
    """One message; whoever does not answer what is asked then (Ctrl-D) may do so later."""
    try:
        return session.say(thread, text)
    except EOFError:
        sys.stderr.write("\n")
        return session.leave_waiting()


def _text(given: str | None, *, is_there: bool) -> str | None:
    """The message of the arguments or the pipe; None where it is to be typed."""
    if given not in {None, "-"}:
        return given
    if given is None and is_there:
        return None
    try:
        text = sys.stdin.buffer.read().decode()
    except UnicodeDecodeError:
        raise InvalidInput("standard input is no UTF-8 text") from None
    return text.removesuffix("\n") if text.strip() or given == "-" else None


def _converse(session: Session, thread: LoopThread) -> int:
    try:
        session.answer_first(thread)
        while True:
            text = _read("> ")
            if text.strip():
                _say(session, thread, text)
    except EOFError:
        sys.stderr.write("\n")
        return 0


def _say(session: Session, thread: LoopThread, text: str) -> None:
    """A failure ends the turn, not the conversation."""
    from agui_runtime.commands.chat.session import Reported

    try:
        session.say(thread, text)
    except Reported:
        return
    except AguiError as error:
        sys.stderr.write(safe(f"{error.code}: {error.message}\n"))


def _read(prompt: str) -> str:
    """A line that is typed, with what the terminal offers for editing it; raises EOFError. What is
    in the prompt may be an agent's words.
    """
    prompt = in_one_line(safe(prompt))
    if sys.stdout.isatty():
        import readline  # noqa: F401  # input() uses it

        return input(prompt)
    sys.stderr.write(prompt)
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line
