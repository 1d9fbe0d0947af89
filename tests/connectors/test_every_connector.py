"""One story, told by every connector, adds up to the same conversation."""

from __future__ import annotations

import pytest

from tests.connectors.story import CHAPTERS, EXPECTED
from tests.connectors.tellers import CANNOT, TELLERS

TOLD = [
    (teller, chapter)
    for teller in TELLERS
    for chapter in CHAPTERS
    if (teller, chapter) not in CANNOT
]


@pytest.mark.parametrize(("teller", "chapter"), TOLD)
async def test_the_story_is_the_same(teller: str, chapter: str) -> None:
    async with TELLERS[teller](chapter) as page:
        assert await CHAPTERS[chapter](page) == EXPECTED[chapter]


def test_what_is_not_told_is_known_and_every_chapter_has_more_than_one_teller() -> None:
    tellers = {chapter: {by for by, what in TOLD if what == chapter} for chapter in CHAPTERS}
    assert all(len(each) > 1 for each in tellers.values())
    assert len(TOLD) + len(CANNOT) == len(TELLERS) * len(CHAPTERS)
