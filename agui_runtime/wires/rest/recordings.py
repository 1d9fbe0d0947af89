"""`/transcribe`: a recording as a form's file, or as base64 in JSON, to text."""

from __future__ import annotations

from functools import partial

from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.rest.exchange import RestExchange
from agui_runtime.wires.rest.options import RestOptions
from agui_runtime.wires.shared.transcription import Transcriber, recording_of


class Recordings:
    """Its handler; refuses until a service is configured."""

    def __init__(self, runtime: CopilotRuntime, options: RestOptions) -> None:
        self._transcriber = Transcriber(runtime.permissions, options.transcription)
        self._limits = options.server.body

    async def transcribe(self, exchange: RestExchange) -> None:
        recording = partial(recording_of, exchange, self._limits)
        found = await self._transcriber.transcript(exchange.caller, recording)
        await exchange.answer(found._asdict())
