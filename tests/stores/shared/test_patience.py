"""How long steps wait while a server is away."""

from __future__ import annotations

import pytest

from agui_runtime.core.errors import StoreUnavailable
from agui_runtime.stores.shared.patience import AT_ONCE, BRIEF, SharedPatience


def test_a_step_does_not_wait_for_as_long_as_those_before_it_did() -> None:
    patience = SharedPatience(10)
    assert patience.deadline(100, 100, 100) == 110
    assert patience.deadline(100, 100, 105) == 110
    assert patience.deadline(105, 105, 105) == 110  # another step, in the same outage
    assert patience.deadline(112, 112, 112) == 112 + BRIEF
    assert patience.deadline(113, 118, 118) == 113 + BRIEF  # the server hung
    patience.succeeded()
    assert patience.deadline(120, 120, 120) == 130


def test_a_step_that_follows_at_once_on_one_that_gave_up_attempts_it_once() -> None:
    patience = SharedPatience(10)
    patience.deadline(100, 105, 115)
    patience.give_up("it is away", hangs=False)
    patience.check(115)  # it may be there again
    assert patience.deadline(115, 115.01, 115.01) == 115.01
    assert patience.deadline(114.9, 115.02, 115.02) == 114.9 + BRIEF  # it had begun before
    assert patience.deadline(116, 116, 116) == 116 + BRIEF


def test_where_the_server_hangs_it_attempts_nothing() -> None:
    patience = SharedPatience(10)
    patience.deadline(100, 105, 115)
    patience.check(115)  # nobody has given up yet
    patience.give_up("it is away", hangs=True)
    with pytest.raises(StoreUnavailable, match="it is away"):
        patience.check(115 + AT_ONCE / 2)
    patience.check(115 + 2 * AT_ONCE)
    patience.succeeded()
    patience.check(115 + AT_ONCE / 2)


def test_an_outage_of_long_ago_is_another_one() -> None:
    patience = SharedPatience(10)
    assert patience.deadline(100, 100, 100) == 110
    assert patience.deadline(500, 500, 500) == 510


def test_nobody_waits_for_longer_than_the_patience() -> None:
    patience = SharedPatience(BRIEF / 2)
    assert patience.deadline(100, 100, 100) == 100 + BRIEF / 2
    patience.succeeded()  # of others, while this step fails again
    assert patience.deadline(100, 100, 100.2) == 100 + BRIEF / 2
