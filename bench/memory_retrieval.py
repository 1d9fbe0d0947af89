"""How many questions find their fact: 200 facts and 100 questions in English, German and French,
written for this. A third of the questions have a word of their fact in them.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from agui_runtime import Memory
from agui_runtime.core.key_ring import KeyRing, new_key
from agui_runtime.memories.embedders.base import Embedder
from agui_runtime.memories.embedders.hashing import HashingEmbedder
from agui_runtime.memories.embedders.litellm import LiteLLMEmbedder
from agui_runtime.memories.embedders.minilm import MiniLMEmbedder
from agui_runtime.memories.embedders.openai import OpenAIEmbedder
from agui_runtime.memories.entries import Proposal
from agui_runtime.stores.memory import MemoryStore

SET = Path(__file__).parent / "data" / "memory.tsv"
"""Lines of `fact`, its language, its text; below each, an `ask` for each question about it."""

LANGUAGES = ("en", "de", "fr")
COLUMNS = (*LANGUAGES, "across", "words", "all")


class Question(NamedTuple):
    """`fact` is what it is about, in a language of its own."""

    language: str
    text: str
    fact: str
    fact_language: str

    @property
    def columns(self) -> Sequence[str]:
        """Where it counts; `across`: to be found in another language, `words`: by a word."""
        shared = _words(self.text) & _words(self.fact)
        across = self.language != self.fact_language
        return [self.language, *(["across"] * across), *(["words"] * bool(shared)), "all"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The servers that are asked besides, and how many numbers their vectors have."""

    url: str | None = None
    model: str | None = None
    key: str | None = None
    litellm: str | None = None
    size: int | None = None


async def tell_retrieval(chosen: Chosen) -> None:
    facts, questions = read_set()
    counts = Counter(column for each in questions for column in each.columns)
    print(f"{len(facts)} facts; questions of which the fact is among at most 8 that are recalled")
    print(f"{'':28}", *(f"{name:>7}" for name in COLUMNS), f"{'recalled':>10}{'ms':>8}")
    print(f"{'questions':28}", *(f"{counts[name]:>7}" for name in COLUMNS))
    for embedder in _embedders(chosen):
        await _tell(embedder, facts, questions)


def read_set() -> tuple[Sequence[str], Sequence[Question]]:
    facts, questions, language = list[str](), list[Question](), ""
    for line in SET.read_text().splitlines():
        kind, spoken, text = line.split("\t")
        if kind == "fact":
            facts.append(text)
            language = spoken
        else:
            questions.append(Question(spoken, text, facts[-1], language))
    return facts, questions


async def _tell(embedder: Embedder, facts: Sequence[str], questions: Sequence[Question]) -> None:
    memory = Memory(embedder)
    memory.keep_in(MemoryStore().sealed, KeyRing([new_key()]))
    await memory.remember("ann", [Proposal("associative", each) for each in facts])
    hits: dict[str, list[bool]] = defaultdict(list)
    recalled, begun = 0, perf_counter()
    for each in questions:
        found = [entry.text for entry, _ in (await memory.recall("ann", each.text)).facts]
        recalled += len(found)
        for column in each.columns:
            hits[column].append(each.fact in found)
    spent = (perf_counter() - begun) / len(questions) * 1e3
    shares = (sum(hits[name]) / len(hits[name]) for name in COLUMNS)
    text = "".join(f"{share:>8.0%}" for share in shares)
    print(f"{embedder.name:28}{text}{recalled / len(questions):>11.1f}{spent:>8.1f}", flush=True)


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w{4,}", text.casefold()))


def _embedders(chosen: Chosen) -> Iterator[Embedder]:
    yield HashingEmbedder()
    yield MiniLMEmbedder()
    if chosen.url and chosen.model and chosen.size:
        yield OpenAIEmbedder(chosen.model, chosen.size, base_url=chosen.url, api_key=chosen.key)
    if chosen.litellm and chosen.size:
        yield LiteLLMEmbedder(chosen.litellm, chosen.size)
