"""Who answers: the user's choice, the page's scope, rules, a model, in this order."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, TypeAlias

from agui_runtime.agents.agent import current_run
from agui_runtime.core.errors import RunFailure
from agui_runtime.core.jsontext import Json
from agui_runtime.core.log_lines import logger_of
from agui_runtime.off_loop import is_cancelled
from agui_runtime.wrappers.router.classifiers import Classifier, Question, Verdict
from agui_runtime.wrappers.router.turns import Past

logger = logger_of(__name__)

PATIENCE = 3.0
"""Seconds that a model has to decide."""

SURE = 0.5
"""Who is less sure decides nothing."""

BETTER = 0.2
"""By so much another agent must be better than the one that the conversation is with."""

READ = 4_000
"""So many characters of a message are looked at by rules."""

By: TypeAlias = Literal["choice", "thread", "scope", "rule", "model", "only", "default"]


class Decision(NamedTuple):
    """The agent, and what it was chosen by, from 0 to 1 sure."""

    agent: str
    by: By
    confidence: float


@dataclass(frozen=True, slots=True)
class Case:
    """What is known when it is decided: the agents that the caller may use, with what they are for,
    and whom the user, the page and the rules mean.
    """

    agents: Mapping[str, str]
    past: Past
    texts: Sequence[str]
    chosen: str | None
    scoped: Sequence[str]
    meant: Sequence[str]
    default: str

    @property
    def holder(self) -> str | None:
        """Whom the conversation is with."""
        return self.past.holder if self.past.holder in self.agents else None


def certain(case: Case) -> Decision | None:
    """Whom nobody needs to ask a model for; None where that is open. Pure."""
    past, known = case.past, case.agents
    same = past.same.agent if past.same is not None and past.same.agent in known else None
    caller = (same or case.holder) if past.goes_on else None
    if caller is not None:
        return Decision(caller, "thread", 1.0)
    if case.chosen is not None and case.chosen in known:
        return Decision(case.chosen, "choice", 1.0)
    if same is not None:
        return Decision(same, "thread", 1.0)
    if len(known) == 1:
        return Decision(next(iter(known)), "only", 1.0)
    if len(case.scoped) == 1:
        return Decision(case.scoped[0], "scope", 1.0)
    if case.meant:
        stays = case.holder is not None and case.holder in case.meant
        return Decision(case.holder if stays and case.holder else case.meant[0], "rule", 1.0)
    return None


async def decided(case: Case, classifier: Classifier | None, usage: list[Json]) -> Decision:
    """Where that is open, a model is called; what that takes is added to the usage."""
    among = {name: case.agents[name] for name in case.scoped} or case.agents
    holder = case.holder if case.holder in among else None
    verdict = None
    if classifier is not None and case.texts:
        verdict = await _verdict(Question(case.texts, among, holder), classifier, usage)
    return weighed(verdict, holder, case.default if case.default in among else next(iter(among)))


def weighed(verdict: Verdict | None, holder: str | None, default: str) -> Decision:
    """What a verdict leads to, or none. Pure."""
    if verdict is None or verdict.confidence < SURE:
        by: By = "thread" if holder else "default"
        return Decision(holder or default, by, verdict.present if verdict and holder else 0.0)
    lead = round(verdict.confidence - verdict.present, 6)
    if holder is not None and verdict.agent != holder and lead < BETTER:
        return Decision(holder, "thread", verdict.present)
    return Decision(verdict.agent, "model", verdict.confidence)


async def _verdict(question: Question, classifier: Classifier, usage: list[Json]) -> Verdict | None:
    """None where there is none that counts, with a line in the log."""
    try:
        async with asyncio.timeout(PATIENCE):
            verdict = await _beside_the_thread(question, classifier, usage)
    except TimeoutError:
        logger.warning("the router's `classify` took over %g seconds", PATIENCE)
        return None
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # user code: whoever decides, which may also cancel itself
        if is_cancelled():
            raise
        usage += error.usage if isinstance(error, RunFailure) else ()
        logger.warning("the router's `classify` failed", exc_info=error)
        return None
    if verdict is None:
        logger.warning("the router's `classify` named none of %s", list(question.agents))
    elif verdict.confidence < SURE:
        logger.info("the router's `classify` is not sure: %s", verdict)
    return verdict


async def _beside_the_thread(
    question: Question, classifier: Classifier, usage: list[Json]
) -> Verdict | None:
    """Whoever decides writes no note into the thread."""
    run = current_run.get(None)
    if run is None:
        return await classifier.verdict(question, usage)
    token = current_run.set(replace(run, notes=None, ephemeral=True))
    try:
        return await classifier.verdict(question, usage)
    finally:
        current_run.reset(token)
