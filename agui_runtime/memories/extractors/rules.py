"""Finds what users say of themselves by how sentences begin, in English, German and French. It
misses much and invents nothing: an entry is a sentence of the user.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from agui_runtime.memories.entries import Origin, Proposal
from agui_runtime.memories.extractors.base import NEW_FACTS, Conversation, Utterance

NAME = "rules"

SUMMARY = 200
"""Characters of what a thread began with, which stands for it."""

LONGEST = 300
"""Characters of a sentence that is taken for a fact."""

_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
_NAME = re.compile(
    r"\b(?i:my name is|call me|ich heiße|ich heisse|mein name ist|je m'appelle|mon nom est)\s+"
    r"([^\W\d_][\w'-]*(?:\s+[A-ZÀ-Þ][\w'-]*)?)"
)
_LANGUAGE = re.compile(
    r"\b(?:answer|reply|respond|write)(?:\s+to me)?(?:\s+always)?\s+in\s+"
    r"(english|german|french|spanish|italian|portuguese|dutch|polish|turkish|japanese|chinese)\b"
    r"|\bantworte(?:n sie)?(?:\s+\w+){0,2}\s+auf\s+"
    r"(deutsch|englisch|französisch|spanisch|italienisch)\b"
    r"|\bréponds?(?:ez)?(?:[- ]\w+){0,2}\s+en\s+(français|anglais|allemand|espagnol|italien)\b",
    re.I,
)
_ORDER = re.compile(
    r"^(?:please\s+)?(?:remember|note|keep in mind)(?:\s*[:,]|\s+that)\s*"
    r"|^(?:bitte\s+)?(?:merke? dir|denk daran)\s*[:,]?\s*(?:dass\s+)?"
    r"|^(?:retiens|souviens-toi|rappelle-toi)\s*[:,]?\s*(?:que\s+|qu')?",
    re.I,
)
_OF_ONESELF = re.compile(
    # English
    r"^(?:i (?:live|work|study) (?:in|at|as|for)\b"
    r"|i (?:prefer|like|love|hate|dislike|don't like|do not like)"
    r" (?!this|that|it\b|the\b|your|how\b|what\b)"
    r"|i (?:never|always|don't|do not) (?:eat|drink|drive|fly|smoke|work)\b"
    r"|i (?:speak|was born|have (?:a|two|three|no) (?:kids?|child|children|dogs?|cats?|sons?"
    r"|daughters?|sisters?|brothers?))\b"
    r"|i(?: am|'m) (?:allergic|from|vegan|vegetarian|married|based)\b"
    r"|my (?:wife|husband|partner|son|daughter|children|kids|brother|sister|mother|father|dog|cat"
    r"|boss|team|company|job|hobby|birthday|time ?zone|favou?rite \w+)(?:'s \w+)? (?:is|are|lives?"
    r"|works?)\b"
    # German
    r"|ich (?:wohne|lebe|arbeite|studiere) (?:in|bei|als|für|auf|an)\b"
    r"|ich (?:spreche|bevorzuge|esse|trinke) (?!das\b|es\b)"
    r"|ich (?:mag|liebe|hasse) (?!das\b|es\b|die\b|den\b|diese)"
    r"|ich (?:habe (?:einen?|zwei|drei|keine) (?:hunde?|katzen?|kind(?:er)?|sohn|tochter|bruder"
    r"|schwester)|bin (?:allergisch|aus|verheiratet|vegetarier|veganer)(?:in)?)\b"
    r"|meine? (?:frau|mann|partner(?:in)?|sohn|tochter|kinder|bruder|schwester|mutter|vater|hund"
    r"|katze|chef(?:in)?|firma|beruf|hobby|geburtstag|lieblings\w+) (?:ist|sind|heißt|heisst|wohnt"
    r"|arbeitet)\b"
    # French
    r"|j'habite\b|je (?:travaille|parle|viens de) |je (?:préfère|déteste|n'aime pas|ne mange pas)"
    r" (?!ça\b|ce\b|cette\b)"
    r"|j'(?:aime|adore) (?!ça\b|ce\b|cette\b)|j'ai (?:une?|deux|trois) (?:chiens?|chats?|enfants?"
    r"|fils|filles?|frères?|sœurs?)\b"
    r"|je suis (?:allergique|végétarien|végan|mariée?)"
    r"|m(?:on|a|es) (?:femme|mari|fils|fille|enfants|frère|sœur|mère|père|chien|chat|anniversaire"
    r"|métier) (?:est|sont|habite|travaille|s'appelle)\b)",
    re.I,
)


class RuleExtractor:
    """Names, languages, and sentences that begin as people speak of themselves."""

    async def proposals(self, conversation: Conversation) -> Sequence[Proposal]:
        found: list[Proposal] = []
        for utterance in conversation.utterances:
            origin = Origin(conversation.thread_id, utterance.run_id, utterance.message_id, NAME)
            found += _standing(utterance, origin)
            found += _facts(utterance, origin)
        facts = [each for each in found if each.tier == "associative"]
        others = [each for each in found if each.tier != "associative"]
        return [*others, *facts[:NEW_FACTS], *summary_of(conversation)]


def _standing(utterance: Utterance, origin: Origin) -> Iterator[Proposal]:
    """What counts always."""
    if name := _NAME.search(utterance.text):
        yield Proposal("core", name[1], origin, key="name")
    if language := _LANGUAGE.search(utterance.text):
        yield Proposal("core", next(filter(None, language.groups())), origin, key="language")


def _facts(utterance: Utterance, origin: Origin) -> Iterator[Proposal]:
    for found in _SENTENCE.finditer(utterance.text):
        sentence = found[0].strip()
        if sentence.endswith("?") or len(sentence) > LONGEST or _NAME.search(sentence):
            continue
        plain = _ORDER.sub("", sentence)
        if (plain != sentence or _OF_ONESELF.match(sentence)) and len(plain.split()) > 1:
            yield Proposal("associative", plain.rstrip(".! "), origin)


def summary_of(conversation: Conversation) -> Iterator[Proposal]:
    """What the user wanted at first stands for the thread."""
    if not (conversation.utterances and conversation.begins):
        return
    first = conversation.utterances[0]
    text = " ".join(first.text.split())
    if text:
        text = text if len(text) <= SUMMARY else text[: SUMMARY - 1] + "…"
        origin = Origin(conversation.thread_id, first.run_id, first.message_id, NAME)
        yield Proposal("episodic", text, origin, key=conversation.thread_id)
