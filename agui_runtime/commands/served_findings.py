"""What `check` says of settings that go ill together, of the port and of the playground."""

from __future__ import annotations

from collections.abc import Iterator

from agui_runtime.app import Served
from agui_runtime.commands.findings import Finding
from agui_runtime.commands.listening import bound
from agui_runtime.core.errors import Misconfigured
from agui_runtime.settings import Settings
from agui_runtime.stores.layers.delegating import undelegated
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.wires.graphql.transport.playground import FILES
from agui_runtime.wires.shared.admission import any_origin
from agui_runtime.wires.shared.missing_files import remedy


def findings_of(served: Served, settings: Settings) -> Iterator[Finding]:
    """A warning for each pair of settings of one runtime."""
    for sentence in _contradictions(served, settings):
        yield Finding("options", sentence, "warning")
    if not (served.options.production or (FILES / "index.html").exists()):
        says = f"its files are missing: {remedy('playground')}, or serve with AGUI_PRODUCTION=1"
        yield Finding("playground", says, "warning")


def _contradictions(served: Served, settings: Settings) -> Iterator[str]:
    options, runtime = served.options, served.runtime
    known = runtime.authenticate is not None
    if options.production and options.development:
        yield "production shows nobody more than needed, development shows all: leave out one"
    if options.production and not known:
        yield "in production nobody says who is asking: set AGUI_TOKENS_FILE or another scheme"
    if options.production and any_origin(options.cors_origins):
        yield "in production pages of any origin may call: set AGUI_CORS_ORIGINS to your own"
    if options.production and isinstance(undelegated(runtime.store), MemoryStore):
        yield "in production threads are in memory, and gone with the process: set AGUI_STORE"
    if known and options.development:
        yield "development lets each caller wipe all of their threads: leave out AGUI_DEVELOPMENT"
    if known and (settings.allow_anonymous or options.allow_anonymous):
        yield "AGUI_ALLOW_ANONYMOUS means nothing beside `authenticate`: leave it out"


def port_finding(host: str, port: int) -> Finding:
    """Whether the server could listen there."""
    try:
        listeners = bound(host, port)
    except Misconfigured as error:
        return Finding("port", error.message, "warning")
    for each in listeners:
        each.close()
    return Finding("port", f"{host}:{port} is free")
