"""What may be remembered, and what becomes of what is there already. Pure: no store, no model."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from agui_runtime.core import jsontext
from agui_runtime.core.errors import AguiError, InvalidInput, TooLarge
from agui_runtime.core.ids import check_id
from agui_runtime.core.secrets import holds_secret
from agui_runtime.memories.entries import (
    Entry,
    MemoryLimits,
    Origin,
    Proposal,
    Tier,
)
from agui_runtime.memories.notebook import Notebook
from agui_runtime.memories.sealing import Vector

SAME = 0.95
"""From this product of vectors on, a fact may be another one in the same words."""

HALVED = 30 * 86400.0
"""Seconds without use after which a pattern counts half."""

OFTEN = 3
"""What so many threads began with is a pattern."""

GREETING = 16
"""Bytes; a text that is no longer asks for nothing in particular."""

PENDING = 600.0
"""Seconds in which a pattern is shown once, however often a page asks; then it counts."""

SUGGESTED = 0.6
"""Patterns of less confidence are not suggested."""

_CARD = re.compile(r"(?<![\d.])\d(?:[ -]?\d){12,18}(?![\d.])")


class RefusedSecret(InvalidInput):
    """A key, a password or the number of a card is not remembered."""

    code = "SECRET_REFUSED"

    def __init__(self) -> None:
        super().__init__("this looks like a secret, and secrets are not remembered")


@dataclass
class Draft:
    """A notebook with changes that are not stored yet."""

    notebook: Notebook
    limits: MemoryLimits
    now: float
    changes: dict[str, tuple[Entry, Vector | None] | None] = field(default_factory=dict)

    def entry(self, id_: str) -> Entry | None:
        if id_ in self.changes:
            changed = self.changes[id_]
            return None if changed is None else changed[0]
        return self.notebook.entry(id_)

    def entries(self, tier: Tier) -> list[Entry]:
        """Of the tier as they will be, without those that do not open."""
        stored = [each for each in self.notebook.entries(tier) if each.id not in self.changes]
        changed = [each[0] for each in self.changes.values() if each is not None]
        return stored + [each for each in changed if each.tier == tier]

    def count(self, tier: Tier) -> int:
        """How many entries the tier has then."""
        there = set(self.notebook.ids(tier))
        for id_, changed in self.changes.items():
            if id_.startswith(f"{tier}."):
                there.discard(id_) if changed is None else there.add(id_)
        return len(there)

    def sealed(self) -> Mapping[str, bytes | None]:
        """The rows that change: None for one that is deleted."""
        seal = self.notebook.seal
        changes = self.changes.items()
        return {id_: None if each is None else seal.seal(*each) for id_, each in changes}

    def put(self, entry: Entry, vector: Vector | None) -> None:
        self.changes[entry.id] = entry, vector

    def delete(self, id_: str) -> None:
        self.changes[id_] = None


def checked(proposal: Proposal, limits: MemoryLimits) -> Proposal:
    """The proposal in one line without blanks around; raises InvalidInput and TooLarge."""
    given = (proposal.text, proposal.key, proposal.entity)
    text, key, entity = (" ".join(jsontext.whole(each).split()) for each in given)
    if not text:
        raise InvalidInput("there is no text to remember")
    for name in ("thread_id", "run_id", "message_id"):
        check_id(getattr(proposal.origin, name), f"origin.{name}")
    if proposal.tier in {"core", "episodic"} and not key:
        raise InvalidInput(f"{proposal.tier} memory needs a key")
    if len(text) > limits.text_length:
        raise TooLarge(f"the text has {len(text)} characters; at most {limits.text_length}")
    if max(len(key), len(entity)) > limits.key_length:
        raise TooLarge(f"a key, and an entity, has at most {limits.key_length} characters")
    if any(map(is_secret, (text, key, entity))):
        raise RefusedSecret
    return replace(proposal, text=text, key=key, entity=entity)


def sifted(
    proposals: Sequence[Proposal], limits: MemoryLimits
) -> tuple[Sequence[Proposal], Sequence[AguiError]]:
    """The proposals that are `checked`, and why the others are refused."""
    found: list[Proposal] = []
    refused: list[AguiError] = []
    for each in proposals:
        try:
            found.append(checked(each, limits))
        except AguiError as error:
            refused.append(error)
    return found, refused


def is_secret(text: str) -> bool:
    """Whether it has in it what looks like a key, a token, a login, or the number of a card."""
    return holds_secret(text) or any(_is_card(found[0]) for found in _CARD.finditer(text))


def write(draft: Draft, proposal: Proposal, vector: Vector | None) -> str:
    """Enter it; the id under which it is there then. Raises TooLarge where the tier is full."""
    words = _words(proposal)
    id_ = draft.notebook.seal.id_of(proposal.tier, words)
    known = draft.entry(id_)
    if known is not None and known.text.casefold() == proposal.text.casefold():
        if _is_of_the_same_message(known.origin, proposal.origin):
            return id_  # its answer was made anew, or its run went on
        draft.put(replace(known, times=known.times + 1, updated_at=draft.now), vector)
        return id_
    _MAKE_ROOM[proposal.tier](draft, proposal, vector, known)
    began = draft.now if known is None else known.created_at
    made = (proposal.text, proposal.origin, began, draft.now, proposal.key, proposal.entity)
    draft.put(Entry(id_, proposal.tier, *made), vector)
    return id_


def tried(draft: Draft, proposal: Proposal, vector: Vector | None) -> AguiError | None:
    """Enter it, or leave the draft as it is; why."""
    before = dict(draft.changes)
    try:
        write(draft, proposal, vector)
    except AguiError as error:
        draft.changes = before
        return error
    return None


def learned(
    draft: Draft, given: Iterable[tuple[Proposal, Vector | None]], taken_up: Collection[str]
) -> Sequence[AguiError]:
    """Enter what was found, and that the patterns of these ids were accepted; why some may not be
    entered.
    """
    for entry in filter(None, map(draft.entry, taken_up)):
        draft.put(accepted(entry, draft.now), None)
    found = list(given)
    refused = [error for each in found if (error := tried(draft, *each)) is not None]
    for habit in habits(draft, [proposal for proposal, _ in found]):
        tried(draft, habit, None)
    return refused


def habits(draft: Draft, proposals: Sequence[Proposal]) -> Sequence[Proposal]:
    """What several threads began with alike, and is no greeting: it may be wanted again."""
    counts = Counter(each.text.casefold() for each in draft.entries("episodic"))
    return [
        replace(each, tier="proactive", key="")
        for each in proposals
        if each.tier == "episodic"
        and counts[each.text.casefold()] >= OFTEN
        and len(each.text.encode()) > GREETING
        and not each.text.endswith("…")
    ]


def strength(pattern: Entry, now: float) -> float:
    """A pattern's confidence by now. While it is on the screen, it does not count that it was not
    accepted yet.
    """
    halvings = max(0.0, now - pattern.updated_at) / HALVED
    counted = pattern.shown - 1 if is_pending(pattern, now) else pattern.shown
    return replace(pattern, shown=counted).confidence * float(0.5**halvings)


def is_pending(pattern: Entry, now: float) -> bool:
    """Whether it was shown just now."""
    return pattern.shown > 0 and now - pattern.shown_at < PENDING


def may_be_offered(message: str, limits: MemoryLimits) -> bool:
    """Whether the message as which a pattern is suggested may be stored with it."""
    return len(message) <= limits.text_length and not is_secret(message)


def shown(pattern: Entry, message: str, now: float) -> Entry:
    """The pattern when it was suggested in these words."""
    offered = " ".join(message.split())
    if is_pending(pattern, now):
        return replace(pattern, offered=offered)
    return replace(pattern, offered=offered, shown=pattern.shown + 1, shown_at=now)


def accepted(pattern: Entry, now: float) -> Entry:
    """The pattern when its suggestion was taken up."""
    taken = min(pattern.accepted + 1, pattern.shown)
    return replace(pattern, accepted=taken, offered="", updated_at=now)


def _words(proposal: Proposal) -> str:
    """What makes an entry the same as another."""
    if proposal.tier in {"core", "episodic"}:
        return proposal.key.casefold()
    return f"{proposal.entity.casefold()}\n{proposal.text.casefold()}"


def _is_of_the_same_message(one: Origin, other: Origin) -> bool:
    there = one.thread_id, one.message_id
    return bool(one.message_id) and there == (other.thread_id, other.message_id)


def _core(draft: Draft, proposal: Proposal, _: Vector | None, known: Entry | None) -> None:
    limits = draft.limits
    if known is None and draft.count("core") >= limits.core_keys:
        raise TooLarge(f"core memory has {limits.core_keys} keys, as many as may be; delete one")
    others = (each for each in draft.entries("core") if each != known)
    length = sum(len(each.key) + len(each.text) for each in others)
    if length + len(proposal.key) + len(proposal.text) > limits.core_length:
        raise TooLarge(f"core memory has at most {limits.core_length} characters; delete a key")


def _fact(draft: Draft, proposal: Proposal, vector: Vector | None, known: Entry | None) -> None:
    if vector is not None:
        for near in draft.notebook.near("associative", vector, 3, SAME):
            other = draft.entry(near.id)
            if other is not None and _spoken(other) == _spoken(proposal):
                draft.delete(near.id)
    _refuse_full(draft, proposal, vector, known)


def _spoken(fact: Entry | Proposal) -> tuple[str, Sequence[str]]:
    """Its entity and words, without what stops between them: facts that differ in no more are one.
    Vectors do not see that Berlin and Paris, or nine and ten, have changed places.
    """
    words = (each.strip(".,;:!?") for each in fact.text.casefold().split())
    return fact.entity.casefold(), [each for each in words if each]


def _refuse_full(draft: Draft, proposal: Proposal, _: Vector | None, known: Entry | None) -> None:
    most = {"associative": draft.limits.facts, "proactive": draft.limits.patterns}[proposal.tier]
    if known is None and draft.count(proposal.tier) >= most:
        raise TooLarge(f"{proposal.tier} memory has {most} entries, as many as may be; delete some")


def _episode(draft: Draft, proposal: Proposal, _: Vector | None, known: Entry | None) -> None:
    """The oldest go."""
    too_many = draft.count("episodic") + 1 - draft.limits.episodes
    if known is None and too_many > 0:
        for each in sorted(draft.entries("episodic"), key=lambda each: each.updated_at)[:too_many]:
            draft.delete(each.id)


_MAKE_ROOM: Mapping[Tier, Callable[[Draft, Proposal, Vector | None, Entry | None], None]] = {
    "core": _core,
    "associative": _fact,
    "episodic": _episode,
    "proactive": _refuse_full,
}


def _is_card(digits: str) -> bool:
    """By its check digit (ISO/IEC 7812)."""
    numbers = [int(each) for each in reversed(digits) if each.isdigit()]
    doubled = [sum(divmod(2 * each, 10)) for each in numbers[1::2]]
    return (sum(numbers[::2]) + sum(doubled)) % 10 == 0
