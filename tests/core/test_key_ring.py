"""What keys seal opens with them, in its place, and nowhere else."""

from __future__ import annotations

import pytest

from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.key_ring import KeyRing, NotOpened, new_key

ABOUT = b'["t1","r1"]'
TEXT = b'{"authorization":"Bearer s3cret"}'


@pytest.mark.parametrize("text", [TEXT, b"", bytes(range(256)) * 1000])
def test_what_is_sealed_opens_and_cannot_be_read_before(text: bytes) -> None:
    ring = KeyRing([new_key()])
    sealed = ring.seal(text, ABOUT)
    assert ring.open(sealed, ABOUT) == text
    assert "s3cret" not in sealed
    assert ring.seal(text, ABOUT) != sealed


def test_what_was_moved_to_another_run_does_not_open() -> None:
    ring = KeyRing([new_key()])
    sealed = ring.seal(TEXT, ABOUT)
    with pytest.raises(NotOpened, match="belongs elsewhere"):
        ring.open(sealed, b'["t1","r2"]')


def test_no_changed_character_is_opened() -> None:
    ring = KeyRing([new_key()])
    sealed = ring.seal(TEXT, ABOUT)
    for place in range(len(sealed) - 2):  # the last ones may hold bits that say nothing
        other = "A" if sealed[place] != "A" else "B"
        with pytest.raises(NotOpened):
            ring.open(sealed[:place] + other + sealed[place + 1 :], ABOUT)


@pytest.mark.parametrize("sealed", ["", "AQ", "plain text", "é", "AAAA" * 40, "=" * 8])
def test_what_was_never_sealed_is_not_opened(sealed: str) -> None:
    with pytest.raises(NotOpened, match="not sealed"):
        KeyRing([new_key()]).open(sealed, ABOUT)


def test_the_first_key_seals_and_those_behind_it_open() -> None:
    old, new = new_key(), new_key()
    sealed = KeyRing([old]).seal(TEXT, ABOUT)
    ring = KeyRing([new, old])
    assert ring.open(sealed, ABOUT) == TEXT
    resealed = ring.seal(TEXT, ABOUT)
    assert KeyRing([new]).open(resealed, ABOUT) == TEXT
    with pytest.raises(NotOpened, match="a key that is not there"):
        KeyRing([new]).open(sealed, ABOUT)


def test_each_key_has_a_name_that_does_not_say_it() -> None:
    keys = [new_key(), new_key()]
    ring = KeyRing(keys)
    assert len(set(ring.ids)) == 2
    assert not any(id in key or key in id for id in ring.ids for key in keys)
    assert KeyRing(keys[:1]).ids == ring.ids[:1]


@pytest.mark.parametrize(
    "wrong",
    ["s3cret", "", new_key()[:-3], new_key() + "AAAA", "ü" * 43],
    ids=["word", "nothing", "short", "long", "letters"],  # which are the same in every process
)
def test_what_is_no_key_is_refused_by_its_place_and_not_repeated(wrong: str) -> None:
    with pytest.raises(Misconfigured, match="number 2") as refusal:
        KeyRing([new_key(), wrong])
    assert not wrong or wrong not in refusal.value.message


def test_a_ring_without_keys_or_with_one_twice_is_refused() -> None:
    key = new_key()
    with pytest.raises(Misconfigured, match="twice"):
        KeyRing([key, key])
    with pytest.raises(Misconfigured, match="there is none"):
        KeyRing([])
