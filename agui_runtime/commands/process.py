"""One of several processes that serve: `python -m agui_runtime.commands.process`, started by their
parent with the numbers of its sockets.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from types import FrameType

from agui_runtime.commands.accepting import Acceptor
from agui_runtime.commands.collecting import collect_rarely
from agui_runtime.commands.hosting import Hosted, hosted
from agui_runtime.commands.ledger import Ledger, Share
from agui_runtime.commands.lifeline import CUT, DRAIN, FIGURES, MAKE_WAY, READY, RETIRE, Lifeline
from agui_runtime.commands.measuring import measured
from agui_runtime.commands.reloading import write_failure
from agui_runtime.commands.serving import DrainingServer, config_of
from agui_runtime.commands.stores import check_shared
from agui_runtime.commands.whole_lines import write_whole_lines
from agui_runtime.core.errors import AguiError
from agui_runtime.settings import obeyed_by_command


class ProcessServer(DrainingServer):
    """The server of such a process. It goes by what its parent says, and drains on a signal; when
    the parent is gone it ends, and gives its port free at once.
    """

    line: Lifeline | None = None
    end: socket.socket
    acceptor: Acceptor
    """Which takes its connections: uvicorn listens to nothing itself."""
    figures: Callable[[], bytes] | None = None
    """What it counts, for its parent."""
    _obeying: asyncio.Task[None] | None = None

    def on_started(self) -> None:
        self.server_state.connections = self.acceptor.connections
        self.acceptor.open(self._protocol, self.config.backlog)
        self._obeying = asyncio.get_running_loop().create_task(self._obey())

    async def on_tick(self, counter: int) -> bool:
        self.acceptor.beat()
        return await super().on_tick(counter)

    def drain(self) -> None:
        self.acceptor.recede()  # it would have the fewest, and refuses runs
        super().drain()

    def stop_listening(self) -> None:
        self.acceptor.close()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.stop_listening()
        await self.acceptor.settle()
        await super().shutdown(sockets)
        if self._obeying is not None:
            self._obeying.cancel()
            await asyncio.wait([self._obeying])
        if self.line is not None:
            if self.figures is not None:
                self.line.send(self.figures())  # the last of them
            await self.line.finish()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A service manager sends each process the signal that it sends their parent."""
        if not self.signals:
            super().handle_exit(sig, frame)

    def _protocol(self) -> asyncio.Protocol:
        """As uvicorn makes it for its own sockets."""
        make: Callable[..., asyncio.Protocol] = self.config.http_protocol_class
        state = self.lifespan.state
        return make(config=self.config, server_state=self.server_state, app_state=state)

    async def _obey(self) -> None:
        self.line = await Lifeline.over(self.end)
        self.line.say(READY)
        orders = {DRAIN: self.drain, RETIRE: self.retire, CUT: self.cut, b"": self.retire}
        orders[MAKE_WAY] = self.make_way
        await self.line.obey({**orders, FIGURES: self._show_figures})

    def _show_figures(self) -> None:
        self._begin(self._send_figures())

    async def _send_figures(self) -> None:
        assert self.line is not None
        assert self.figures is not None
        self.line.send(await asyncio.to_thread(self.figures))


def main(words: Sequence[str]) -> int:
    """`words`: the number of the line's socket, of how many processes this is one, the ledger's
    file, its places and this process's, and the numbers of the listening sockets.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    write_whole_lines()
    line, count, file, places, place, *numbers = map(int, words)
    end, *listeners = (socket.socket(fileno=number) for number in (line, *numbers))
    acceptor = Acceptor(listeners, Share(Ledger(file, places), place))
    try:
        found = hosted()
        check_shared(found.runtimes, count)
    except Exception as error:  # noqa: BLE001  # user code: its module is imported
        write_failure(error)
        return 2 if isinstance(error, AguiError) else 1
    return _serve(found, end, acceptor)


def _serve(found: Hosted, end: socket.socket, acceptor: Acceptor) -> int:
    collect_rarely()
    config = config_of(found, of_several=True)
    server = ProcessServer(config, found.runtimes, found.settings.drain_seconds, "")
    server.end, server.acceptor = end, acceptor
    with measured(found, by_parent=True) as metrics, obeyed_by_command():  # an app may be made late
        server.figures = metrics.page if metrics else None
        server.run([])
    return 0 if server.started else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
