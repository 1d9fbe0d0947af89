"""The short form of a soak: nothing is left over, whatever becomes of runs and their readers."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from bench.soak import places, slope, soaked, verdict
from bench.soak_plot import page_of

MINUTES = 0.1


@pytest.mark.parametrize("name", ["memory", "sqlite"])
async def test_a_server_under_mixed_load_leaves_nothing_over(name: str) -> None:
    with ExitStack() as stack:
        url, size = places(stack, [name])[name]
        soak = await soaked(url, size, MINUTES)
        assert soak.runs > 0
        assert verdict(name, soak, MINUTES) == 0


def test_the_slope_is_that_of_what_comes_after_the_warm_up() -> None:
    warm = [{"seconds": second, "m": 100.0 * second} for second in range(10)]
    late = [{"seconds": 10.0 + second, "m": 7.0 + second} for second in range(20)]
    assert slope([*warm, *late], "m") == pytest.approx(3600)


def test_a_picture_has_a_curve_for_each_figure() -> None:
    samples = [{"seconds": 0.0, "tasks": 1.0, "files": 2.0}, {"seconds": 1.0, "tasks": 3.0}]
    page = page_of([samples[0], {**samples[0], **samples[1]}], "memory")
    assert page.count("<polyline") == 2
    assert "tasks: 1.0 at first, 3.0 at most, 3.0 at last" in page
