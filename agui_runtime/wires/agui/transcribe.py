"""`/transcribe`: a recording as a form's file, or as base64 in JSON, to text."""

from __future__ import annotations

from agui_runtime.connectors.transcription import Recording
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.agui.exchange import AguiExchange
from agui_runtime.wires.agui.options import AguiOptions
from agui_runtime.wires.shared.transcription import Transcriber, recording_in, recording_of


class Transcribe:
    """The handler of `/transcribe`; refuses until a service is configured."""

    def __init__(self, runtime: CopilotRuntime, options: AguiOptions) -> None:
        self._transcriber = Transcriber(runtime.permissions, options.transcription)
        self._limits = options.server.body

    async def transcribe(self, exchange: AguiExchange) -> None:
        async def recording() -> Recording:
            if exchange.enveloped is not None:
                return await recording_in(exchange.enveloped.body)
            return await recording_of(exchange, self._limits)

        found = await self._transcriber.transcript(exchange.caller, recording)
        await exchange.answer(found._asdict())
