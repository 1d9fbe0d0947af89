"""The calculation of scale: against closed formulas, and that it answers in the right direction."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace
from math import factorial
from pathlib import Path
from random import Random
from statistics import mean

import pytest

from bench import simulate
from bench.scale_events import Found, Simulation, Station
from bench.scale_loads import LONG, RATE, SHORT, WORDS, Loads, costs_of
from bench.scale_model import (
    COSTS as FILE,
    Costs,
    Setup,
    costs_of as costs_measured,
    first_limit,
    overhead,
    resources,
    web_load,
    worker_load,
)
from bench.scale_plan import planned, reach, with_processes
from bench.scale_plot import page_of
from bench.scale_world import Reading

COSTS: Costs = {
    **{"run_web": 3000.0, "run_worker": 3500.0, "run_store": 1800.0},
    **{"token_web": 80.0, "token_worker": 130.0, "token_store": 45.0, "news": 40.0, "frame": 40.0},
    **{"live_web": 8.0, "live_worker": 50.0, "live_store": 45.0, "subscriber_store": 10.0},
    **{"process_web": 2700.0, "process_worker": 2400.0, "process_store": 800.0, "bystander": 5.0},
    **{"live_web_kb": 45.0, "live_worker_kb": 18.0, "connections": 9.0, "bus": 3.0},
    **{"kept_run_bytes": 3700.0, "kept_word_bytes": 6.0, "hot_run": 0.3, "hot_live": 0.2},
}
BUSY = Setup(4_000, web=6, workers=8)
STORES = pytest.mark.parametrize("store", ["redis", "postgres"])


def simulated(setup: Setup, costs: Costs = COSTS, seed: int = 1) -> Found:
    """A few seconds of it."""
    return Simulation(setup, costs, seed, words=20_000).run()


def waiting(rate: float, seconds: float, servers: int) -> float:
    """The mean time that callers of an M/M/c queue wait, as Erlang has it."""
    offered = rate * seconds
    used = offered / servers
    last = offered**servers / factorial(servers) / (1 - used)
    some = last / (sum(offered**n / factorial(n) for n in range(servers)) + last)
    return some * seconds / (servers * (1 - used))


@pytest.mark.parametrize(("servers", "used"), [(1, 0.5), (1, 0.8), (4, 0.7), (2, 0.8)])
def test_a_station_makes_its_callers_wait_as_erlang_says(servers: int, used: float) -> None:
    random, rate = Random(1), used * servers
    station, now, waited = Station(servers, random), 0.0, list[float]()
    for _ in range(60_000):
        now += random.expovariate(rate)
        before = station.busy
        done = station.done(now, 1.0)
        waited.append(done - now - (station.busy - before))
    assert mean(waited) == pytest.approx(waiting(rate, 1.0, servers), rel=0.1)
    assert station.busy / now / servers == pytest.approx(used, rel=0.02)


def test_what_goes_on_all_the_time_makes_a_station_as_much_slower() -> None:
    random, now, waited = Random(1), 0.0, list[float]()
    station = Station(1, random, background=0.5)
    for _ in range(60_000):
        now += random.expovariate(0.25)
        waited.append(station.done(now, 1.0) - now)
    assert mean(waited) == pytest.approx(2.0 + waiting(0.25, 2.0, 1), rel=0.05)


@STORES
def test_simulated_cores_are_as_busy_as_the_utilisation_law_says(store: str) -> None:
    setup = replace(BUSY, store=store)
    found = simulated(setup)
    expected = {each.name: each.used for each in resources(setup, COSTS)}
    cpu = "the core of Redis" if store == "redis" else "the cores of PostgreSQL"
    for part, name in (("web", "web processes"), ("worker", "workers"), ("store", cpu)):
        assert found.busy[part] == pytest.approx(expected[name], rel=0.1), part
    assert len(found.starts) / found.seconds == pytest.approx(setup.starts, rel=0.4)
    assert len(found.words) / found.seconds == pytest.approx(setup.said, rel=0.1)


def test_the_same_seed_gives_the_same_delays_and_another_one_others() -> None:
    setup = replace(BUSY, threads=400)
    one, same, other = (simulated(setup, seed=seed) for seed in (1, 1, 2))
    assert one.words == same.words
    assert one.starts == same.starts
    assert one.words != other.words


def test_idle_stations_cost_a_word_just_what_it_takes() -> None:
    free = {name: 0.0 for name in COSTS}
    found = simulated(Setup(300, words=50), {**free, "token_store": 1000.0})
    assert mean(found.words) == pytest.approx(1e-3, rel=0.1)
    assert max(found.starts) == 0.0


def test_more_threads_take_no_less_and_more_processes_no_longer() -> None:
    few, many = (simulated(replace(BUSY, threads=each)) for each in (1_000, 4_000))
    assert mean(few.words) < mean(many.words)
    wide = simulated(replace(BUSY, web=12, workers=16))
    assert mean(wide.words) < mean(many.words)


def test_runs_wait_for_a_slot_where_there_are_fewer_than_runs() -> None:
    wide = Setup(1_000, workers=4)
    assert mean(simulated(wide).starts) < 0.1
    narrow = replace(wide, slots=9)  # 36 for runs that are 37 at a time
    assert mean(simulated(narrow).starts) > 1.0


@pytest.mark.parametrize(
    ("setup", "limit", "changed"),
    [
        (Setup(20_000, web=1, workers=50), "web processes", {}),
        (Setup(10_000, web=50, workers=1, slots=500), "workers", {}),
        (Setup(1_000, web=50, workers=1, slots=16), "slots", {}),
        (Setup(20_000, web=50, workers=50), "the core of Redis", {}),
        (Setup(10**6, active=0, turns=999), "memory of a Redis node, GB", {}),
        (Setup(9_000, "postgres", web=90, workers=90), "connections", {}),
        (Setup(9_000, "postgres", web=90, workers=90), "news, at each process", {"bystander": 99}),
    ],
)
def test_the_first_limit_is_what_there_is_too_little_of(
    setup: Setup, limit: str, changed: Costs
) -> None:
    found = first_limit(setup, {**COSTS, **changed})
    assert found.name == limit
    assert found.share > 1
    assert found.cure


@STORES
def test_processes_are_as_many_as_are_needed_to_be_half_busy(store: str) -> None:
    setup = with_processes(Setup(50_000, store, slots=1_000), COSTS)
    for part, load, count in (
        ("web", web_load(setup, COSTS), setup.web),
        ("worker", worker_load(setup, COSTS), setup.workers),
    ):
        busy = load / count + overhead(setup, COSTS, part)
        assert busy <= 0.5 < busy * count / (count - 1) + 0.02


@STORES
def test_a_plan_reaches_no_limit_and_one_store_ends_where_its_reach_says(store: str) -> None:
    plan = planned(Setup(1_000_000, store), COSTS)
    assert plan.limit.share <= 1
    assert plan.installations * plan.setup.threads >= 1_000_000
    threads, limit = reach(Setup(1, store), COSTS)
    assert planned(Setup(threads, store), COSTS).installations == 1
    beyond = with_processes(Setup(threads * 2, store), COSTS)
    assert first_limit(beyond, COSTS).share > 1
    assert limit.share >= 1


def test_a_picture_has_a_curve_for_each_name() -> None:
    page = page_of({"cores": [(1_000, 1.0), (10_000, 10.0)], "news": [(1_000, 0.5)]}, "used", "%")
    assert page.count("<polyline") == 2
    assert ">10,000<" in page
    assert "news" in page


def test_what_shares_a_machine_waits_for_its_cores() -> None:
    apart = Setup(3_000, workers=2, words=1, thinking=0.0, every=10.0)
    shared = replace(apart, machine=1)
    assert mean(simulated(apart).starts) < mean(simulated(shared).starts)


def test_costs_are_what_the_loads_differ_by() -> None:
    """Readings are made from known costs, which are found again."""

    def taken(seconds: float, runs: int = 0, words: int = 0, lived: float = 0.0) -> Reading:
        """By processes that take 1 ms a second, 3 ms a run, 0.1 ms a word, 0.01 ms a live run."""
        cpu = 0.001 * seconds + 0.003 * runs + 0.0001 * words + 0.00001 * lived
        other = 0.001 * seconds
        return Reading(seconds, cpu, other, cpu, cpu, 0.0, 0.0, 10 * seconds + 5 * runs, 0.0, 0.0)

    said = LONG * WORDS
    long = taken(20.0, LONG, said, LONG * WORDS / RATE)
    loads = Loads(taken(6.0), taken(9.0, SHORT), long, long, taken(6.0, lived=200 * 6.0))
    costs = costs_of(loads, taken(0.0))
    for part in ("web", "worker", "store"):
        assert costs[f"run_{part}"] == pytest.approx(3000)
        assert costs[f"token_{part}"] == pytest.approx(100)
        assert costs[f"live_{part}"] == pytest.approx(10)
    assert (costs["process_web"], costs["process_store"]) == pytest.approx((1000, 1000 / 3))
    assert costs["bystander"] == pytest.approx(0, abs=1e-9)
    assert (costs["run_commands"], costs["token_commands"]) == pytest.approx((5, 0), abs=1e-9)


def test_the_measured_costs_are_complete() -> None:
    for store in ("redis", "postgres"):
        costs = costs_measured(store)
        assert COSTS.keys() <= costs.keys()
        assert all(cost >= 0 for cost in costs.values()), costs
    measured = json.loads(FILE.read_text())
    for name in ("redis", "postgres", "cluster"):
        assert len(measured[name]["rounds"]) >= 2
        assert measured[name]["command"].startswith("python3 scripts.py bench scale")


def test_the_command_tells_all_resources_and_delays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "costs.json"
    file.write_text(json.dumps({"redis": {"rounds": [COSTS]}, "cluster": {"rounds": [COSTS]}}))
    words = ["--costs", str(file), "--store", "redis", "--threads", "500", "--workers", "2"]
    monkeypatch.setattr("sys.argv", ["simulate", *words])
    assert simulate.main() == 0
    shown = capsys.readouterr().out
    assert "the first limit is" in shown
    assert "word   p50" in shown


PAGE = (FILE.parent.parent / "docs" / "scale.md").read_text()
COMMANDS = re.findall(r"^python3 scripts.py bench simulate (--threads .*)$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_of_the_page_tell_what_it_takes(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["simulate", *shlex.split(command)])
    assert simulate.main() == 0
    assert "the first limit is" in capsys.readouterr().out


@STORES
@pytest.mark.parametrize("threads", simulate.SIZES)
def test_the_page_has_what_is_calculated_from_the_measured_costs(store: str, threads: int) -> None:
    setup, costs = Setup(threads, store), costs_measured(store)
    cells = simulate.calculated(setup, costs, planned(setup, costs))
    assert f"| {' | '.join(cells)} |" in PAGE
