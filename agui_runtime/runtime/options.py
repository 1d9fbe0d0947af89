"""How a runtime behaves, as its user sets it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from agui_runtime.core.demands import (
    COUNT,
    FLAG,
    SECONDS,
    SOME_SECONDS,
    TEXTS_BY_NAME,
    Demand,
    a,
    check_fields,
    optional,
)
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.history import Truth
from agui_runtime.core.key_ring import KeyRing
from agui_runtime.core.keyword_arguments import explains_arguments
from agui_runtime.core.prices import PriceTable
from agui_runtime.core.queueing import (
    DEFAULT_QUEUE,
    check_queue_name,
    check_version,
    queue_of,
)
from agui_runtime.queues.base import RunQueue
from agui_runtime.runs.deadlines import RunLimits
from agui_runtime.runtime.allowance import Budget, Rule, rules_of
from agui_runtime.runtime.given import check_choice
from agui_runtime.wrappers.blocks.options import Blocks
from agui_runtime.wrappers.drawing.pages import GenerativeUI

DEFAULT_LIMITS = RunLimits()

DRAWN_AS_PAGES_ASK = GenerativeUI()

BusyPolicy: TypeAlias = Literal["reject", "queue", "supersede"]
"""What a second start on a running thread gets: Busy, its turn later, or the first one's end."""


_DEMANDS = {
    "queue_timeout": SECONDS,
    "worker_timeout": SECONDS,
    "queues": TEXTS_BY_NAME,
    "run_in": optional(a(RunQueue)),
    "keys": optional(a(KeyRing)),
    "app_version": optional(a(str)),
    "authorize_every": SOME_SECONDS,
    **dict.fromkeys(("stop_on_disconnect", "agents_as_tools"), FLAG),
    "generative_ui": a(GenerativeUI),
    "blocks": optional(a(Blocks)),
    **dict.fromkeys(("caller_runs", "runs", "caller_schedules"), COUNT),
    "schedule_seconds": SOME_SECONDS,
    **dict.fromkeys(("caller_starts", "starts", "caller_streams", "streams"), optional(COUNT)),
    "budget": Demand(
        "Budget(...), or a tuple of them",
        lambda value: all(
            isinstance(each, Budget)
            for each in (value if isinstance(value, tuple | list) else (value,))
        ),
    ),
    "limits": a(RunLimits),
    "prices": optional(a(PriceTable)),
}


@explains_arguments
@dataclass(frozen=True, slots=True)
class Options:
    """How a runtime behaves; every default is safe on a public network.

    `queue_timeout` is the longest wait, in seconds, under the policies `queue` and `supersede`.
    `stop_on_disconnect`: a 1.10.6 front end can stop a run only by closing its connection.
    `history`: agents continue the conversation that the front end sent (`client`), or the one that
    the thread holds (`thread`). `agents_as_tools`: where a request names no agent, the default one
    may call the others; suggestions and other side requests never do. With `blocks` agents show
    charts, tables and the like. In all processes over the
    store, `caller_runs` and `runs` are how many may be live, of one caller and in all,
    `caller_streams` and `streams` how many answers may be open that grow; `caller_starts` and
    `starts` how many runs may be started within a minute, and a `budget` (or several) what they may
    take in a day. `prices` are what tokens cost where the list prices are not what
    is paid. After each `authorize_every` seconds `authorize` is called again for what is open.
    With `run_in` runs are carried out by workers, which it calls; those of an agent in `queues` by
    workers of that queue. One that no worker takes within `worker_timeout` seconds fails. With an
    `app_version` they are for workers of that version, and for newer ones once there are none.
    `keys` seal what such a run's request came with in its headers, which are left out without any.
    One caller may have `caller_schedules`, the runs of each `schedule_seconds` apart or more.
    Raises Misconfigured for what cannot be obeyed.
    """

    on_busy: BusyPolicy = "reject"
    queue_timeout: float = 60.0
    stop_on_disconnect: bool = True
    history: Truth = "client"
    agents_as_tools: bool = True
    generative_ui: GenerativeUI = DRAWN_AS_PAGES_ASK
    blocks: Blocks | None = None
    caller_runs: int = 1000
    runs: int = 5000
    caller_streams: int | None = None
    streams: int | None = None
    caller_starts: int | None = None
    starts: int | None = None
    budget: Budget | tuple[Budget, ...] = ()
    limits: RunLimits = DEFAULT_LIMITS
    prices: PriceTable | None = None
    authorize_every: float = 60.0
    run_in: RunQueue | None = None
    queues: Mapping[str, str] = field(default_factory=dict)
    worker_timeout: float = 600.0
    app_version: str | None = None
    keys: KeyRing | None = None
    caller_schedules: int = 100
    schedule_seconds: float = 60.0

    def __post_init__(self) -> None:
        check_fields(self, _DEMANDS)
        check_choice("on_busy", self.on_busy, BusyPolicy)
        check_choice("history", self.history, Truth)
        for agent, queue in self.queues.items():
            check_queue_name(queue, f"queues[{agent!r}]")
        if self.app_version is not None:
            check_version(self.app_version, "app_version")
        for name in ("queues", "app_version"):
            if getattr(self, name) and self.run_in is None:
                raise Misconfigured(f"{name}: name the queue that calls workers, too, by run_in")

    def queue_for(self, agent: str) -> str:
        """Where runs of the agent wait for workers."""
        return queue_of(self.queues.get(agent, DEFAULT_QUEUE), self.app_version)

    def rules(self) -> tuple[Rule, ...]:
        """How much may be started; raises Misconfigured."""
        budgets = (self.budget,) if isinstance(self.budget, Budget) else self.budget
        return rules_of(self.caller_starts, self.starts, budgets)


OF_A_RUN = {
    "run_events": "events",
    "run_bytes": "bytes",
    "run_seconds": "total",
    "run_first_event_seconds": "first_event",
    "run_idle_seconds": "idle",
    "run_stop_seconds": "stop_grace",
    "run_save_seconds": "save_every",
}
"""The fields of RunLimits, by names that say of themselves that they are of a run."""


def limited(
    options: Options, given: Mapping[str, float | None], naming: Callable[[str], str]
) -> Options:
    """The options with these limits, by names of Options or of `OF_A_RUN`; None leaves one as it
    is. Raises Misconfigured, with the name that `naming` gives it, for one of which the options
    say something else.
    """
    changed: dict[str, Any] = {}
    of_a_run: dict[str, Any] = {}
    for name, value in ((name, value) for name, value in given.items() if value is not None):
        field = OF_A_RUN.get(name, name)
        holder: object = options.limits if name in OF_A_RUN else options
        present = getattr(holder, field)
        if present not in (getattr(type(holder)(), field), value):
            raise Misconfigured(
                f"{naming(name)} cannot be obeyed: the runtime was given {present};"
                " leave out one of them"
            )
        (of_a_run if name in OF_A_RUN else changed)[field] = value
    return replace(options, limits=replace(options.limits, **of_a_run), **changed)
