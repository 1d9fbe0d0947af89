"""What is taken from what users say, and what is not."""

from __future__ import annotations

import pytest

from agui_runtime.memories.extractors.base import Conversation, Utterance
from agui_runtime.memories.extractors.rules import RuleExtractor


async def found(*texts: str) -> dict[str, list[str]]:
    """What is proposed of these messages, by tier; core entries with their keys."""
    spoken = [Utterance("r", f"m{number}", text) for number, text in enumerate(texts)]
    proposals = await RuleExtractor().proposals(Conversation("t", spoken))
    tiers: dict[str, list[str]] = {}
    for each in proposals:
        assert (each.origin.thread_id, each.origin.extractor) == ("t", "rules")
        text = f"{each.key}={each.text}" if each.tier == "core" else each.text
        tiers.setdefault(each.tier, []).append(text)
    return tiers


@pytest.mark.parametrize(
    ("text", "core"),
    [
        ("Hi, my name is Ann Müller and I need help", "name=Ann Müller"),
        ("call me Bob please", "name=Bob"),
        ("Ich heiße Jürgen.", "name=Jürgen"),
        ("Bonjour, je m'appelle Zoé!", "name=Zoé"),
        ("Please always answer in German.", "language=German"),
        ("Antworte mir bitte auf Deutsch", "language=Deutsch"),
        ("Réponds-moi en français", "language=français"),
    ],
)
async def test_what_counts_always_is_found(text: str, core: str) -> None:
    assert (await found(text))["core"] == [core]


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("I live in Lisbon. What is the weather?", "I live in Lisbon"),
        ("Well.\nI'm allergic to peanuts!", "I'm allergic to peanuts"),
        ("Remember that the demo is on Friday", "the demo is on Friday"),
        ("My sister's name is Maria", "My sister's name is Maria"),
        ("I prefer short answers.", "I prefer short answers"),
        ("Ich wohne in Hamburg", "Ich wohne in Hamburg"),
        ("Bitte merke dir, dass mein Büro im dritten Stock ist", "mein Büro im dritten Stock ist"),
        ("J'habite à Lyon et je cherche un train", "J'habite à Lyon et je cherche un train"),
    ],
)
async def test_what_users_say_of_themselves_is_found(text: str, fact: str) -> None:
    assert (await found(text))["associative"] == [fact]


@pytest.mark.parametrize(
    "text",
    [
        "Do I live in Lisbon?",
        "I like this answer",
        "My computer is broken",
        "I'm a bit confused",
        "I have a question about the invoice",
        "I work on it",
        "What is my name?",
        "Write a poem about a man who says: I live in Rome",
        "",
    ],
)
async def test_what_says_nothing_of_the_user_is_passed_over(text: str) -> None:
    tiers = await found(text)
    assert "core" not in tiers
    assert "associative" not in tiers


@pytest.mark.timeout(60)  # where each word is a beginning, and is tried to the end: hours
@pytest.mark.parametrize("words", ["please ", "always please ", "my name is ", "1 ", " ", "a", "."])
async def test_no_text_holds_up_the_server(words: str) -> None:
    tiers = await found(words * (500_000 // len(words)))
    assert "associative" not in tiers


async def test_of_many_facts_three_are_taken_and_the_first_words_stand_for_the_thread() -> None:
    cities = ("Rome", "Oslo", "Lima", "Bern")
    tiers = await found(*(f"I live in {city}." for city in cities))
    assert tiers["associative"] == ["I live in Rome", "I live in Oslo", "I live in Lima"]
    assert tiers["episodic"] == ["I live in Rome."]
    assert (await found("x" * 500))["episodic"] == ["x" * 199 + "…"]
    assert await found("") == {}
