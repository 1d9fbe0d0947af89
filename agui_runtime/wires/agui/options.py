"""How this wire behaves; every default is safe on a public network."""

from __future__ import annotations

from dataclasses import dataclass, field

from agui_runtime.connectors.transcription import TranscriptionService
from agui_runtime.core.forwarded_headers import for_agents
from agui_runtime.wires.agui.annotate import Recorder
from agui_runtime.wires.shared.bodies import DEFAULT_LIMITS, BodyLimits
from agui_runtime.wires.shared.options import ServerOptions
from agui_runtime.wires.shared.streaming import KEEP_ALIVE


@dataclass(frozen=True, slots=True)
class AguiOptions:
    """What the handlers of this wire obey: `server` is for all wires of an app, the rest are those
    of WireOptions that no other wire has.
    """

    server: ServerOptions = field(default_factory=ServerOptions)
    keep_alive: float = KEEP_ALIVE
    oldest_clients: bool = False
    transcription: TranscriptionService | None = None
    annotations: Recorder | None = None


@dataclass(frozen=True, slots=True)
class WireOptions:
    """`forward_headers` names the request headers that agents may see, also by patterns such as
    `x-*`; `max_body` is in bytes, and holds attachments, which come inline; the other limits of
    requests are those of `BodyLimits`.
    `keep_alive` is the seconds of silence before a comment, 0 for none. `development` opens what
    shows or wipes more than a user should: debug events, `/threads/clear`. `transcription` serves
    `/transcribe`, `annotations` is given what pages post to `/annotate`; without them both refuse.
    `oldest_clients` serves AG-UI clients up to 0.0.47 (react-core 1.50 to 1.53), too: those before
    1.0 then get no reasoning, at which runs of 1.50 end with an error, and all attachments as
    `binary` parts. It has to be set, because what they send is, byte for byte, what clients up to
    0.0.59 send.

    Raises Misconfigured for a header that must not be forwarded, and for limits that cannot be
    obeyed.
    """

    forward_headers: tuple[str, ...] = ("authorization",)
    max_body: int = DEFAULT_LIMITS.bytes
    max_values: int = DEFAULT_LIMITS.values
    max_depth: int = DEFAULT_LIMITS.depth
    max_messages: int = DEFAULT_LIMITS.messages
    max_parts: int = DEFAULT_LIMITS.parts
    keep_alive: float = KEEP_ALIVE
    oldest_clients: bool = False
    development: bool = False
    transcription: TranscriptionService | None = None
    annotations: Recorder | None = None

    def __post_init__(self) -> None:
        _ = self.body_limits  # which refuses what cannot be obeyed
        for_agents(self.forward_headers)

    @property
    def body_limits(self) -> BodyLimits:
        return BodyLimits(
            bytes=self.max_body,
            values=self.max_values,
            depth=self.max_depth,
            messages=self.max_messages,
            parts=self.max_parts,
        )
