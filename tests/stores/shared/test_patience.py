"""How long steps wait while a server is away."""

from __future__ import annotations

from agui_runtime.stores.shared.patience import BRIEF, SharedPatience


def test_a_step_does_not_wait_for_as_long_as_those_before_it_did() -> None:
    patience = SharedPatience(10)
    assert patience.deadline(100, 100) == 110
    assert patience.deadline(100, 105) == 110
    assert patience.deadline(105, 105) == 110  # another step, in the same outage
    assert patience.deadline(112, 112) == 112 + BRIEF
    patience.succeeded()
    assert patience.deadline(120, 120) == 130


def test_an_outage_of_long_ago_is_another_one() -> None:
    patience = SharedPatience(10)
    assert patience.deadline(100, 100) == 110
    assert patience.deadline(500, 500) == 510


def test_nobody_waits_for_longer_than_the_patience() -> None:
    patience = SharedPatience(BRIEF / 2)
    assert patience.deadline(100, 100) == 100 + BRIEF / 2
