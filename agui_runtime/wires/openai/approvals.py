"""Answers to what a run asked before it carries out calls: they become the run that resumes it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import NamedTuple

from agui_runtime.core.events import RunInfo
from agui_runtime.core.fingerprints import fingerprint
from agui_runtime.core.fold import Fold
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.wires.openai.errors import BadRequest
from agui_runtime.wires.openai.items import Waiting, waiting_in
from agui_runtime.wires.openai.response_ids import ApprovalPlace, approval_place_of
from agui_runtime.wires.openai.response_request import Approval, ResponseRequest

_RESUMING = uuid.UUID("0f3d5b7e-3c43-5a57-9f11-6f2f4f0c8a5d")


class Resumption(NamedTuple):
    """The run that goes on from another one: the very same answers are the very same run."""

    run_id: str = ""
    mark: str = ""
    resume: Sequence[JsonObject] = ()
    waiting: Sequence[Waiting] = ()


NO_RESUMPTION = Resumption()


def place_of_approvals(approvals: Sequence[Approval]) -> ApprovalPlace | None:
    """The thread and the run that asked last; None for no answers. A client that sends the whole
    conversation repeats its earlier answers. Raises BadRequest.
    """
    places = [_place(each) for each in approvals]
    if len({place.thread_id for place in places}) > 1:
        message = "input: the approval requests are of different threads; answer one at a time"
        raise BadRequest(message, "input", "invalid_value")
    return places[-1] if places else None


def resumption(
    request: ResponseRequest, place: ApprovalPlace, runs: Sequence[RunInfo], folded: Fold
) -> Resumption:
    """What the answers make of the run that asked, with which `folded` ends: nothing, where the
    thread has gone on, and so does the request behind them. Raises BadRequest for what the run does
    not, or no longer, wait for.
    """
    answers = [each for each in request.approvals if _place(each).run_id == place.run_id]
    mark = _mark(request, place, answers)
    run_id = resuming_id(place.thread_id, place.run_id)
    latest = runs[-1] if runs else None
    waiting = waiting_in(folded, place.thread_id)
    if latest is not None and (latest.run_id, latest.fingerprint) == (run_id, mark):
        return Resumption(run_id, mark, (), waiting)
    if latest is None or (latest.run_id, latest.status) != (place.run_id, "interrupted"):
        if request.goes_on:
            return NO_RESUMPTION
        raise _no_request(place, runs)
    _check_all(answers, waiting)
    schemas = {each["id"]: each.get("responseSchema") for each in folded.interrupts}
    resume = [_entry(each, schemas) for each in answers]
    return Resumption(run_id, mark, resume, waiting)


def resuming_id(thread_id: str, run_id: str) -> str:
    """That of the run which answers this one: always the same."""
    return str(uuid.uuid5(_RESUMING, f"{thread_id}\n{run_id}"))


def _place(approval: Approval) -> ApprovalPlace:
    place = approval_place_of(approval.id)
    if place is None:
        raise no_approval(approval.id)
    return place


def _check_all(approvals: Sequence[Approval], waiting: Sequence[Waiting]) -> None:
    known = {each.approval: each.function["name"] for each in waiting}
    for each in approvals:
        if each.id not in known:
            raise no_approval(each.id)
    missing = [name for id_, name in known.items() if id_ not in {each.id for each in approvals}]
    if missing:
        message = f"input: answer all approval requests at once; missing: {', '.join(missing)}"
        raise BadRequest(message, "input", "invalid_value")


def _entry(approval: Approval, schemas: dict[str, Json]) -> JsonObject:
    """The reason goes along where what asked takes more than a yes or no."""
    interrupt = _place(approval).interrupt_id
    schema = schemas.get(interrupt) or {}
    closed = schema.get("additionalProperties") is False
    takes_reason = not closed or "reason" in (schema.get("properties") or {})
    reason = {"reason": approval.reason} if approval.reason and takes_reason else {}
    payload = {"approved": approval.approve, **reason}
    return {"interruptId": interrupt, "status": "resolved", "payload": payload}


def _mark(request: ResponseRequest, place: ApprovalPlace, answers: Sequence[Approval]) -> str:
    """By what the same request is recognised when it comes again."""
    given = [list(each) for each in answers], [dict(each) for each in request.messages]
    return fingerprint(["approve", place.run_id, *given, request.model, request.props])


def _no_request(place: ApprovalPlace, runs: Sequence[RunInfo]) -> BadRequest:
    if resuming_id(place.thread_id, place.run_id) in {each.run_id for each in runs}:
        message = "approval_request_id: the approval request was answered already"
        return BadRequest(message, "input", "approval_already_answered")
    message = "approval_request_id: the thread does not wait for this approval any more"
    return BadRequest(message, "input", "approval_request_not_found")


def no_approval(id_: str) -> BadRequest:
    """Nobody asked that, or not this caller."""
    message = f"Approval request with id '{id_[:200]}' not found"
    return BadRequest(message, "input", "approval_request_not_found")
