"""A request that may be answered with an event stream of AG-UI."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping

from agui_runtime.core.errors import AguiError, OwnerLost
from agui_runtime.core.log_lines import logger_of
from agui_runtime.wires.shared.event_stream_frames import EVENT_STREAM, comment, frame
from agui_runtime.wires.shared.exchange import Exchange
from agui_runtime.wires.shared.expiry import while_known
from agui_runtime.wires.shared.http import Headers, log_failure
from agui_runtime.wires.shared.streaming import Frames, StreamingResponse

logger = logger_of(__name__)


class EventStreamExchange(Exchange):
    """A wire adds in what words it refuses."""

    async def stream(self, frames: Frames, keep_alive: float, headers: Headers = ()) -> bool:
        """Answer with an event stream; False if the client went away before its end.

        After the first frame, a lost run gets its end here. Any other failure is the reader's own:
        the connection is cut, so that no client takes the run for over.
        """
        response = self.streaming(EVENT_STREAM, keep_alive, headers)
        self.headers, self.scope["headers"] = {}, ()  # not for as long as the stream lasts
        try:
            async with while_known(self.caller):
                return await response.serve(self.receive, self.pour(response, frames))
        except Exception as error:  # a wire's edge
            if not response.begun:
                raise
            if getattr(error, "status", 500) >= 500:  # not for a thread that was deleted meanwhile
                log_failure(logger, error)
            if isinstance(error, OwnerLost):
                await response.end((frame(end_of(error)),))
            else:  # incomplete: the server closes the connection, and each client sees that it did
                code = getattr(error, "code", AguiError.code)
                await response.write((comment(f"broken off: {code}"),))
            return True

    def pour(self, response: StreamingResponse, frames: Frames) -> Coroutine[None, None, None]:
        """Let all frames be written."""
        return response.pour(frames)


def end_of(error: OwnerLost) -> Mapping[str, str]:
    return {"type": "RUN_ERROR", "message": error.message, "code": error.code}
