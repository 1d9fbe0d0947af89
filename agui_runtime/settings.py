"""What the environment says. All that is named `AGUI_` is read here, and nowhere else."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace

import agui_runtime.setting_texts as texts
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.log_lines import logger_of
from agui_runtime.named_wires import USUAL
from agui_runtime.secret_files import FILE_VARIABLES, IN_FILE, exposed, with_secrets
from agui_runtime.setting_readers import READERS
from agui_runtime.setting_texts import PREFIX
from agui_runtime.wires.shared.options import DEFAULT_OPTIONS


@dataclass(frozen=True, slots=True)
class Settings:
    """The environment; field names are the variables' without `AGUI_`. `create_app` obeys all but
    those of `SERVE_ONLY`.
    """

    model: str | None = None
    """`openai/gpt-4o-mini`, or any model name of LiteLLM (`anthropic/...`, `ollama/...`)."""
    openai_base_url: str | None = None
    """An OpenAI-compatible endpoint, for example `http://127.0.0.1:11434/v1`."""
    api_key: str | None = None
    """The key of whatever serves the model."""
    openai_api_key: str | None = None
    """`OPENAI_API_KEY`, used for OpenAI itself and sent nowhere else."""
    openai_elsewhere: bool = False
    """Whether `OPENAI_BASE_URL`, which OpenAI's own clients read, names another server."""
    app: str | None = None
    """`module:name` of your own CopilotRuntime or app; then the model variables are refused."""
    actions: tuple[str, ...] = ()
    """Of `run_python` and `run_shell`, comma-separated, what agents may call."""
    memory: bool = False
    """Keep what is worth knowing of a user in the next thread; see docs/memory.md."""
    memory_embedder: str | None = None
    """What finds it again: `hashing` (by words), `minilm`, or a model with the size of its vectors,
    `openai/text-embedding-3-small:1536`, behind `api_key` and `openai_base_url`."""
    store: str | None = None
    """`sqlite:///...`, `postgresql://...`, `redis://...` or `memory:`; left out, `serve` has a file
    at `data`, and any other app keeps threads in memory."""
    queue: str | None = None
    """`redis://...` or `postgresql://...`: runs are carried out by workers, which it calls."""
    queues: Mapping[str, str] = field(default_factory=dict)
    """The queue in which runs of an agent wait for a worker, `agent=queue`, comma-separated; those
    of other agents wait in `default`."""
    worker_timeout: float | None = None
    """Seconds after which a run fails that no worker takes."""
    app_version: str | None = None
    """Numbers that grow with each deployment (`142`, `2026-11-27`): runs are for workers of this
    version, and for newer ones once there are none."""
    keys: tuple[str, ...] | None = None
    """What seals the headers of requests that wait for a worker, comma-separated: the first seals,
    all open."""
    data: str | None = None
    """The file of threads (`.db`), or a folder for it; `.agui-runtime` when left out."""
    db_upgrade: bool = False
    """Bring the tables of a PostgreSQL store to this release's schema at the start."""
    prices: str | None = None
    """A JSON file of what tokens cost, for `agui_runtime.core.prices`."""
    processes: int = 1
    """Processes that serve, on one socket and over one store."""
    drain_seconds: float = 30.0
    """So long live runs may go on after SIGTERM."""
    path: str = DEFAULT_OPTIONS.path
    """The `runtimeUrl` of front ends."""
    wires: tuple[str, ...] = USUAL
    """What clients may speak besides CopilotKit's own wires, comma-separated; empty for nothing."""
    cors_origins: tuple[str, ...] = DEFAULT_OPTIONS.cors_origins
    """Origins that browsers may call from, comma-separated; listed ones may send credentials."""
    allowed_hosts: tuple[str, ...] | None = DEFAULT_OPTIONS.allowed_hosts
    """Names under which the server may be called, comma-separated, `*.` before one for all below
    it, `*` for any; left out, a connection on loopback must be for a name of this machine."""
    forward_headers: tuple[str, ...] = DEFAULT_OPTIONS.forward_headers
    """Request headers that agents may see, comma-separated, also `x-*`; empty for none."""
    development: bool = DEFAULT_OPTIONS.development
    """Serve what shows or wipes more than a user should: debug events, `/threads/clear`."""
    name_threads: bool = False
    """Request a title from a thread's agent after its first exchange."""
    allow_anonymous: bool = DEFAULT_OPTIONS.allow_anonymous
    """Serve beyond loopback without an `authenticate` function: everybody shares all threads."""
    production: bool = DEFAULT_OPTIONS.production
    """Show nobody the playground or the GraphQL schema."""
    ui: bool | None = DEFAULT_OPTIONS.ui
    """Show the page at `/ui` to everybody who can connect, or to nobody; left out, to this machine
    alone, and in production to nobody."""
    tokens: str | None = None
    """Bearer tokens with their owners, `ann:token,bob:token`."""
    tokens_file: str | None = None
    """A file of them, a line for each; see `BearerTokens.read`."""
    jwt_jwks: str | None = None
    """Where the keys of those are who issue JSON Web Tokens: a path or an https:// URL."""
    jwt_issuer: str | None = None
    """Whom the tokens must come from (`iss`)."""
    jwt_audience: tuple[str, ...] | None = None
    """Whom the tokens must be for (`aud`), one of these, comma-separated."""
    jwt_algorithms: tuple[str, ...] = ("RS256", "ES256")
    """With which the tokens may be signed, comma-separated."""
    jwt_leeway: float = 30.0
    """Seconds by which the issuer's clock may differ."""
    jwt_owner: str = "sub"
    """The claim of a token that says to whom threads belong."""
    proxy_header: str | None = None
    """The header in which a proxy names the user that it has authenticated."""
    proxy_addresses: tuple[str, ...] | None = None
    """Addresses and networks of such proxies, comma-separated."""
    log_level: str = "info"
    """Of the runtime's log lines, and of the server's where `serve` starts it."""
    log_format: str = "text"
    """`json` for one object a line, with the ids of what it is about."""
    otlp_endpoint: str | None = None
    """`OTEL_EXPORTER_OTLP_ENDPOINT`, or that for traces: where `serve` sends spans."""
    otlp_metrics: str | None = None
    """The same, or that for metrics: where it sends figures of calls of models."""
    capture_contents: bool = False
    """`OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT`: spans hold what is said."""
    genai_names: str = "0.1.0"
    """The edition of the conventions for generative AI that spans follow."""
    telemetry_key: str | None = None
    """Makes the owners' names in spans the same in all processes."""
    metrics: tuple[str, int] | None = None
    """Host and port at which Prometheus is answered, for example `127.0.0.1:9464`."""
    header_seconds: float = 10.0
    """So long a client may take to send the headers of a request."""
    max_caller_requests: int = DEFAULT_OPTIONS.limits.caller_requests
    """Requests that one caller may have open."""
    max_requests: int = DEFAULT_OPTIONS.limits.requests
    """Requests that may be open in all."""
    caller_runs: int | None = None
    """Runs of one caller that may be live."""
    runs: int | None = None
    """Runs that may be live in all."""
    caller_schedules: int | None = None
    """Schedules of recurring runs that one caller may have."""
    schedule_seconds: float | None = None
    """So many seconds or more lie between two runs of a schedule."""
    caller_streams: int | None = None
    """Answers that grow which one caller may have open."""
    streams: int | None = None
    """The same of all callers together."""
    run_events: int | None = None
    """Events that one run may have."""
    run_bytes: int | None = None
    """Bytes of these, as JSON."""
    run_seconds: float | None = None
    """So long one run may take, in all,"""
    run_first_event_seconds: float | None = None
    """until its first event,"""
    run_idle_seconds: float | None = None
    """between two events,"""
    run_stop_seconds: float | None = None
    """and when it was stopped, until it is cut off."""
    run_save_seconds: float | None = None
    """So long it takes at least from one saved state of a run to the next."""
    authorize_every: float | None = None
    """Seconds after which `authorize` is called again for what is open."""
    caller_starts: int | None = None
    """Runs that one caller may start within a minute."""
    starts: int | None = None
    """Runs that may be started in all within a minute."""
    caller_tokens_per_day: int | None = None
    """Tokens that the runs of one caller may take in a day before no more are started."""
    tokens_per_day: int | None = None
    """The same of all runs together."""
    caller_usd_per_day: float | None = None
    """What the runs of one caller may cost in a day, in US dollars."""
    usd_per_day: float | None = None
    """The same of all runs together."""
    max_body: int = DEFAULT_OPTIONS.body.bytes
    """Bytes that a request may have at most, attachments included."""
    max_values: int = DEFAULT_OPTIONS.body.values
    """Texts, numbers, objects and lists that its JSON may hold."""
    max_depth: int = DEFAULT_OPTIONS.body.depth
    """How deep these may be nested."""
    max_messages: int = DEFAULT_OPTIONS.body.messages
    """Messages that a conversation may have."""
    max_parts: int = DEFAULT_OPTIONS.body.parts
    """Parts and tool calls that a message may have."""
    present: frozenset[str] = frozenset()
    """The settings of which the environment says something."""
    in_files: frozenset[str] = frozenset()
    """Those of which a file says it."""
    warnings: tuple[str, ...] = ()
    """What the operator should mend, though it can be obeyed; logged at the start."""

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the environment; raises Misconfigured for a name that is no setting, and for a value
        that cannot be meant.
        """
        given_env = os.environ if environ is None else environ
        of_files = [name for name in FILE_VARIABLES if name.startswith(PREFIX)]
        texts.check_names(given_env, sorted([*map(variable, READERS), *of_files]))
        env, from_files = with_secrets(given_env)
        in_files = frozenset(name for name in READERS if variable(name) in from_files)
        spelt = {name: _spelt(name, in_files) for name in READERS if variable(name) in env}
        given = {name: texts.trimmed(it, env[variable(name)]) for name, it in spelt.items()}
        set_ = {name: text for name, text in given.items() if text or name in _MAY_BE_EMPTY}
        read = {name: READERS[name](spelt[name], text) for name, text in set_.items()}
        if key := env.get(OPENAI_KEY, "").strip():
            read["openai_api_key"] = key
        read["openai_elsewhere"] = bool(_ELSEWHERE.match(env.get(OPENAI_URL, "").strip()))
        if endpoint := (env.get(_OTLP_TRACES) or env.get(_OTLP) or "").strip():
            read["otlp_endpoint"] = endpoint
        if env.get(_METRICS_EXPORTER, "").strip().lower() != "none":
            read["otlp_metrics"] = env.get(_OTLP_METRICS) or env.get(_OTLP) or None
        read["capture_contents"] = env.get(_CAPTURE, "").strip().lower() == "true"
        read |= {"in_files": in_files, "warnings": exposed(given_env)}
        found = cls(**read, present=frozenset(set_))
        found._check()
        return found

    def quiet(self) -> Settings:
        """For a command that says itself what fails: no lines of runs, unless the environment names
        a level.
        """
        return self if "log_level" in self.present else replace(self, log_level="error")

    def variables(self, names: Iterable[str]) -> str:
        """The variables by which the environment says these, for a sentence."""
        return ", ".join(_spelt(name, self.in_files) for name in names)

    def _check(self) -> None:
        """Raises Misconfigured for what single values do not show."""
        if self.data is not None and self.store is not None:
            both = " and ".join(map(self.variables, (["data"], ["store"])))
            raise Misconfigured(f"{both} both say where threads are: leave out one")
        if self.otlp_endpoint is self.otlp_metrics is None and (
            unused := sorted(self.present & _OF_SPANS)
        ):
            raise Misconfigured(f"{self.variables(unused)}: set OTEL_EXPORTER_OTLP_ENDPOINT, too")
        for name in ("openai_base_url", "api_key"):
            if getattr(self, name) is not None and self.model is None and self.app is None:
                hint = "for example openai/llama3"
                raise Misconfigured(f"{self.variables([name])} needs AGUI_MODEL, {hint}")
        if self.app is not None and (unused := sorted(self.present & _OF_A_MODEL)):
            raise Misconfigured(
                f"AGUI_APP={self.app} has agents of its own: leave out {self.variables(unused)}"
            )


def variable(name: str) -> str:
    """The environment's name of a setting."""
    return PREFIX + name.upper()


def _spelt(name: str, in_files: Collection[str]) -> str:
    """The variable by which the environment says it."""
    return variable(name) + (IN_FILE if name in in_files else "")


def variables(names: Iterable[str]) -> str:
    """Those of several, for a sentence."""
    return ", ".join(map(variable, names))


_OTLP, _OTLP_TRACES = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
OPENAI_KEY, OPENAI_URL = "OPENAI_API_KEY", "OPENAI_BASE_URL"
_ELSEWHERE = re.compile(r"(?!https://api\.openai\.com(/|$)).")
_OTLP_METRICS, _METRICS_EXPORTER = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_METRICS_EXPORTER"
_CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"

SERVE_ONLY = frozenset(
    {"app", "model", "api_key", "openai_base_url", "actions", "data", "db_upgrade", "genai_names"}
    | {
        "memory",
        "memory_embedder",
        "drain_seconds",
        "header_seconds",
        "metrics",
        "processes",
        "telemetry_key",
    }
)
"""The settings that choose what `agui-runtime serve` serves, and how its server does."""

_OF_SPANS = frozenset({"genai_names", "telemetry_key"})

_OF_MEMORY = frozenset({"memory", "memory_embedder"})

_OF_A_MODEL = frozenset({"model", "api_key", "openai_base_url", "actions"} | _OF_MEMORY)

logger = logger_of(__name__)

_served: ContextVar[bool] = ContextVar("agui_runtime_served", default=False)


@contextmanager
def obeyed_by_command() -> Iterator[None]:
    """While the block runs, a command obeys the settings of `SERVE_ONLY`, so that no app has to
    refuse them.
    """
    token = _served.set(True)
    try:
        yield
    finally:
        _served.reset(token)


def is_obeyed_by_command() -> bool:
    """Whether a command serves, which says itself what there is to say about settings."""
    return _served.get()


def log_warnings(settings: Settings) -> None:
    """To be called once, when a server starts."""
    for sentence in settings.warnings:
        logger.warning("%s", sentence)


def refuse_serve_only(settings: Settings) -> None:
    """Raises Misconfigured for settings that an app cannot obey, unless a command does."""
    unobeyed = sorted(settings.present & SERVE_ONLY)
    if unobeyed and not is_obeyed_by_command():
        raise Misconfigured(
            f"only `agui-runtime serve` obeys {settings.variables(unobeyed)}: leave them out, or "
            "start the app with AGUI_APP=module:name agui-runtime serve"
        )


_MAY_BE_EMPTY = frozenset({"forward_headers", "wires"})
"""What an empty variable says something about: that agents see no header, that there are no wires
but CopilotKit's own."""
