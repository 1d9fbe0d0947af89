"""An exchange whose streams end with a frame of the error, where they fail."""

from __future__ import annotations

from abc import abstractmethod

from agui_runtime.core.log_lines import logger_of
from agui_runtime.wires.shared.event_stream_frames import EVENT_STREAM, frame
from agui_runtime.wires.shared.exchange import ErrorAnswer, Exchange
from agui_runtime.wires.shared.expiry import while_known
from agui_runtime.wires.shared.http import log_failure
from agui_runtime.wires.shared.streaming import Frames

logger = logger_of(__name__)


class ErrorFrameExchange(Exchange):
    """One whose clients take a frame with the body of a refusal for the failure of a stream."""

    @abstractmethod
    def refusal(self, error: Exception) -> ErrorAnswer:
        """The wire's answer to a request that failed."""

    async def refuse(self, error: Exception) -> None:
        await self.refuse_with(self.refusal(error), error)

    async def stream(self, frames: Frames, keep_alive: float) -> bool:
        """Answer with an event stream; False if the client went away before its end. What fails
        after the first frame is the last one.
        """
        response = self.streaming(EVENT_STREAM, keep_alive)
        try:
            async with while_known(self.caller):
                return await response.serve(self.receive, response.pour(frames))
        except Exception as error:  # a wire's edge
            if not response.begun:
                raise
            refusal = self.refusal(error)
            if refusal.is_fault:
                log_failure(logger, error)
            await response.end((frame(refusal.body),))
            return True
