"""The codes with which the agent routes refuse. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Refusal(NamedTuple):
    status: int
    when: str


REFUSALS: Mapping[str, Refusal] = {
    "INVALID_INPUT": Refusal(400, "a part of the request is missing, malformed or out of bounds"),
    "BAD_HOST": Refusal(400, "the Host header is malformed"),
    "BAD_ORIGIN": Refusal(400, "the Origin header is malformed"),
    "BAD_CREDENTIALS": Refusal(400, "there are two Authorization headers"),
    "invalid_request": Refusal(400, "there is no recording in the body"),
    "invalid_audio_format": Refusal(400, "the recording is of a type that nobody can read"),
    "SECRET_REFUSED": Refusal(400, "the text looks like a secret, and such are not remembered"),
    "UNAUTHENTICATED": Refusal(401, "the server does not know the caller"),
    "CREDENTIAL_EXPIRED": Refusal(401, "the caller's credentials have expired"),
    "auth_failed": Refusal(401, "the transcription service does not know the server"),
    "FORBIDDEN": Refusal(403, "the caller may not do this"),
    "ANONYMOUS_NOT_ALLOWED": Refusal(403, "the server knows nobody and was called from afar"),
    "HOST_NOT_ALLOWED": Refusal(403, "the server is not called by this name"),
    "ORIGIN_NOT_ALLOWED": Refusal(403, "pages of this origin may not call"),
    "MEMORY_ANONYMOUS": Refusal(
        403, "nothing is remembered of callers who did not say who they are"
    ),
    "MEMORY_OFF": Refusal(404, "the server remembers nothing of its users"),
    "MEMORY_NOT_FOUND": Refusal(404, "there is no such entry, or it is another caller's"),
    "AGENT_NOT_FOUND": Refusal(404, "no agent has this name"),
    "THREAD_NOT_FOUND": Refusal(404, "there is no such thread, or it is another caller's"),
    "RUN_NOT_FOUND": Refusal(404, "the thread has no such run, or no longer"),
    "SCHEDULE_NOT_FOUND": Refusal(404, "there is no such schedule, or it is another caller's"),
    "METHOD_NOT_ALLOWED": Refusal(405, "the path takes the methods of the Allow header"),
    "REQUEST_TIMEOUT": Refusal(408, "the body came too slowly"),
    "THREAD_BUSY": Refusal(409, "another run is live on the thread"),
    "TOO_MANY_SCHEDULES": Refusal(409, "the caller has as many schedules as one may have"),
    "RUN_NOT_RESUMABLE": Refusal(409, "the run waits for no answer"),
    "HISTORY_GONE": Refusal(410, "the records after this cursor are gone; read the history"),
    "TOO_LARGE": Refusal(413, "the request exceeds a limit, which the message names"),
    "UNSUPPORTED_MEDIA_TYPE": Refusal(415, "the body is of another type"),
    "TOO_MANY_REQUESTS": Refusal(429, "too much is open; Retry-After says when to come back"),
    "TOO_MANY_STARTS": Refusal(429, "too many runs were started within a minute"),
    "BUDGET_SPENT": Refusal(429, "runs took as much as they may in a day"),
    "rate_limited": Refusal(429, "the transcription service has too much to do"),
    "INTERNAL_ERROR": Refusal(500, "something went wrong, which the server's log tells"),
    "STORE_FAILED": Refusal(500, "the store failed in a way that nobody expected"),
    "STATE_UNREADABLE": Refusal(500, "a saved state is damaged"),
    "ACCESS_UNDECIDED": Refusal(500, "nobody decided who calls, or what they may do"),
    "provider_error": Refusal(500, "the transcription service failed"),
    "network_error": Refusal(500, "the transcription service cannot be reached"),
    "REMOTE_UNREACHABLE": Refusal(502, "a server that may have this agent does not answer"),
    "ACCESS_TIMEOUT": Refusal(503, "it took too long to decide that"),
    "STORE_UNAVAILABLE": Refusal(503, "the store cannot be reached"),
    "MEMORY_UNREADABLE": Refusal(503, "the server's keys do not open what is remembered"),
    "SHUTDOWN": Refusal(503, "the server is shutting down"),
    "service_not_configured": Refusal(503, "there is no transcription service"),
}
"""Every code with its status."""

EVERYWHERE = (
    *("INVALID_INPUT", "BAD_HOST", "BAD_ORIGIN", "BAD_CREDENTIALS"),
    *("UNAUTHENTICATED", "CREDENTIAL_EXPIRED"),
    *("FORBIDDEN", "ANONYMOUS_NOT_ALLOWED", "HOST_NOT_ALLOWED", "ORIGIN_NOT_ALLOWED"),
    *("METHOD_NOT_ALLOWED", "TOO_MANY_REQUESTS"),
    *("INTERNAL_ERROR", "ACCESS_UNDECIDED", "ACCESS_TIMEOUT", "STORE_FAILED", "STORE_UNAVAILABLE"),
)

OF_BODIES = ("REQUEST_TIMEOUT", "TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE")
