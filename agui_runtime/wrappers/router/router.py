"""The router: an agent that says which of its agents answers, and lets that one answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import NamedTuple

from ag_ui.core import RunAgentInput

from agui_runtime.agents.agent import (
    Agent,
    Closable,
    KeptState,
    Preparable,
    calls_at_once,
    current_run,
)
from agui_runtime.agents.border import normal
from agui_runtime.agents.outer import OuterAgent
from agui_runtime.agents.passes import accounted
from agui_runtime.core.errors import AguiError, Forbidden
from agui_runtime.core.events import ROUTED, Event, RunContext
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.core.log_lines import logger_of
from agui_runtime.core.requests import request_props, text_of
from agui_runtime.wrappers.base import Wrapper
from agui_runtime.wrappers.router.classifiers import Classifier, ModelClassifier, classifier_of
from agui_runtime.wrappers.router.decisions import READ, Case, Decision, certain, decided
from agui_runtime.wrappers.router.named import NamedAgent
from agui_runtime.wrappers.router.part import Part
from agui_runtime.wrappers.router.table import Rule, Table, table_of
from agui_runtime.wrappers.router.turns import Past, noted, past_of, recalled, turn_of

logger = logger_of(__name__)


def with_router(
    agents: Mapping[str, object],
    *,
    classify: object = None,
    rules: Mapping[str, Iterable[Rule]] | None = None,
    domains: Mapping[str, str] | None = None,
    default: str | None = None,
) -> Router:
    """One agent of several, of which one answers each message.

    `agents` are agents by name, or names of the runtime's. Who answers is decided by the user's
    choice (`properties.agent`), the page's scope (`properties.scope`: an agent's name, or a
    domain), `rules` (words and patterns by agents' names), and `classify`: a chat agent that is
    asked in one small call, or an async function of the text and the agents' descriptions by name.
    Where that fails, takes over 3 seconds or is not sure, the `default` agent answers, or the first
    one.

    The CUSTOM event ROUTED names the agent and its domain (of `domains`, or its name) before it is
    called. The conversation stays with an agent until another one is clearly better. A regenerate,
    a tool's result and the answer to a question go to whoever answered then. Agents that the caller
    may not start are never chosen. Raises Misconfigured.
    """
    table = table_of(agents, rules, domains, default)
    return Router(table, classifier_of(classify))


class Router(Wrapper):
    """See `with_router`."""

    def __init__(self, table: Table, classifier: Classifier | None) -> None:
        super().__init__(table.agents[table.default])
        self.name = "router"
        self.description = "Answers as one of several agents"
        self.table = table
        self._classifier = classifier
        self.calls_at_once = all(map(calls_at_once, table.agents.values()))
        # Neither names its agents: whoever reads this may not start all of them.
        self.capabilities: JsonObject | None = {"multiAgent": {"supported": True}}

    @property
    def answering(self) -> Sequence[Agent]:
        return tuple(self.table.agents.values())

    @normal
    async def run(self, request: RunAgentInput) -> AsyncGenerator[Event, None]:
        usage: list[Json] = []
        route = await self._route(request, usage)
        if not route.is_known:
            yield {"type": "CUSTOM", "name": ROUTED, "value": self._announced(route.decision)}
        name = route.decision.agent
        part = Part(name, self.table.agents[name], request)
        with accounted(usage):
            async with aclosing(part.events(usage)) as events:
                async for event in events:
                    yield event

    async def kept_state(self, thread_id: str, context: RunContext) -> KeptState | None:
        """None: what one agent stores by itself is not the conversation that all have part in."""
        return None

    async def prepare(self) -> None:
        for agent in self._all:
            if isinstance(agent, Preparable):
                await agent.prepare()

    async def close(self) -> None:
        for agent in self._all:
            if isinstance(agent, Closable):
                await agent.close()

    @property
    def _all(self) -> Iterable[Agent]:
        """Its agents, and the one that decides, each once."""
        model = [self._classifier.agent] if isinstance(self._classifier, ModelClassifier) else []
        return {id(each): each for each in (*self.answering, *model)}.values()

    async def _route(self, request: RunAgentInput, usage: list[Json]) -> _Route:
        agents = await self.offered()
        if not agents:
            raise Forbidden("start")
        turns = await recalled()
        past = past_of(request, turns, agents)
        case = self._case(request, agents, past)
        decision = certain(case) or await decided(case, self._classifier, usage)
        is_known = past.is_of(request.run_id)
        if not is_known:
            logger.info("%s answers, by %s", decision.agent, decision.by)
            await noted(turns, turn_of(request, decision.agent))
        return _Route(decision, is_known)

    async def offered(self) -> Mapping[str, str]:
        """The agents that the present caller may start, with what they are for."""
        offered = {}
        for name, agent in self.table.agents.items():
            named = agent.name if isinstance(agent, NamedAgent) else name
            if await _may_start(named):
                offered[name] = await _description(agent)
        return offered

    def _case(self, request: RunAgentInput, agents: Mapping[str, str], past: Past) -> Case:
        texts = [text_of(each.content) for each in request.messages if each.role == "user"]
        latest = texts[-1][:READ] if texts else ""
        properties = _properties(request)
        chosen, scope = properties.get("agent"), properties.get("scope")
        return Case(
            agents,
            past,
            texts,
            self._leading_to(chosen, agents),
            _among(agents, self.table.of_scope(scope) if isinstance(scope, str) else ()),
            _among(agents, self.table.meant_by(latest)),
            self.table.default,
        )

    def _leading_to(self, name: object, agents: Mapping[str, str]) -> str | None:
        """That agent, or the router among the agents that has it."""
        if not isinstance(name, str) or name in agents:
            return name if isinstance(name, str) else None
        found = (each for each in agents if name in _names_in(self.table.agents[each]))
        chosen = next(found, None)
        if chosen is None:
            logger.info("the page chose %r, which is none of %s", name[:100], list(agents))
        return chosen

    def _announced(self, decision: Decision) -> JsonObject:
        domain = self.table.domains[decision.agent]
        by = {"by": decision.by, "confidence": decision.confidence}
        return {"agent": decision.agent, "domain": domain, **by}


def routes(agent: Agent) -> bool:
    """Whether the agent is a router, wrapped or not."""
    return _router_in(agent) is not None


def domains_of(agent: Agent) -> Mapping[str, str]:
    """By name, those of the agents between which it decides; empty for what is no router."""
    router = _router_in(agent)
    return {} if router is None else router.table.domains


def _router_in(agent: object) -> Router | None:
    while isinstance(agent, OuterAgent) and not isinstance(agent, Router):
        agent = agent.agent
    return agent if isinstance(agent, Router) else None


class _Route(NamedTuple):
    """Who answers, and whether this run has announced it before."""

    decision: Decision
    is_known: bool


def _properties(request: RunAgentInput) -> Mapping[str, Json]:
    """The page's own, whichever way its wire hands them on."""
    run = current_run.get(None)
    return {**request_props(request), **(run.properties if run is not None else {})}


def _among(agents: Mapping[str, str], names: Iterable[str]) -> Sequence[str]:
    return [name for name in names if name in agents]


def _names_in(agent: object) -> Iterable[str]:
    """Those of the agents of the routers in it."""
    if isinstance(agent, Router):
        yield from agent.table.agents
    if isinstance(agent, OuterAgent):
        for each in agent.answering:
            yield from _names_in(each)


async def _may_start(name: str) -> bool:
    run = current_run.get(None)
    return run is None or run.colleagues is None or await run.colleagues.may_start(name)


async def _description(agent: Agent) -> str:
    """What it is for; of a router, what those of its agents are for that the caller may start. One
    that is not to be found now fails when it is called, and not here.
    """
    if (router := _router_in(agent)) is not None:
        return "; ".join(f"{name}: {about}" for name, about in (await router.offered()).items())
    if not isinstance(agent, NamedAgent):
        return agent.description
    try:
        return (await agent.found()).description
    except AguiError as error:
        logger.warning("agent %r, which a router names, is missing: %s", agent.name, error.message)
        return ""
