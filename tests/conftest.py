"""What holds for every test: nothing is judged by how long it takes, nothing is far away, and
nothing goes by the settings of who runs it.
"""

from __future__ import annotations

import faulthandler
import gc
import logging
import os
import signal
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from httpx._config import DEFAULT_TIMEOUT_CONFIG
from hypothesis import HealthCheck, settings

from tests.needs import needs
from tests.seeds import IS_CI

if TYPE_CHECKING:
    from xdist.remote import Producer

    from tests.distribution import Distribution

LONGEST_END = 240
"""Seconds, in which a test's fixtures end."""

settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", settings.get_profile("house"), max_examples=1000)
settings.register_profile("quick", settings.get_profile("house"), max_examples=20)
settings.register_profile("ci", settings.get_profile("house"), derandomize=True, database=None)
settings.load_profile("ci" if IS_CI else "house")

for name in [name for name in os.environ if name.startswith("AGUI_")]:
    del os.environ[name]

# Shells start what runs in the background deaf for Ctrl-C, and so would be the programs that tests
# interrupt. A handler of this process is none of theirs.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A client that a test makes gives up after this many seconds, not after five: on a machine that has
# much to do a server takes as long as it takes.
for phase in ("connect", "read", "write", "pool"):
    setattr(DEFAULT_TIMEOUT_CONFIG, phase, 60.0)

# Nobody's certificates: no test leaves this machine, and to read everybody's takes each HTTP client
# 20 ms, which would be a third of the whole run.
os.environ.pop("SSL_CERT_FILE", None)
os.environ["SSL_CERT_DIR"] = str(Path(__file__).parent / "data")


@pytest.fixture
def swept() -> Iterator[None]:
    """What the test leaves to the garbage collector goes with it: another test, in which the
    collector happens to come, knows nothing of what is to be overlooked here.
    """
    yield
    gc.collect()


@pytest.fixture(autouse=True)
def _logging_stays_as_it_was() -> Iterator[None]:
    """What a command that is called in this process makes silent is written again afterwards: other
    tests read the log.
    """
    ours = logging.getLogger("agui_runtime")
    level, handlers = ours.level, list(ours.handlers)
    yield
    ours.setLevel(level)
    ours.handlers[:] = handlers


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Generator[None]:
    """A fixture that hangs after its test ran into the time limit, which counts no longer, ends its
    process: the other workers go on, and the test is named.
    """
    faulthandler.dump_traceback_later(LONGEST_END, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


@pytest.hookimpl(tryfirst=True)  # before pytest selects by markers
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for marker in needs(item):
            item.add_marker(marker)


@pytest.hookimpl(optionalhook=True)  # of xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Distribution:
    from tests.distribution import Distribution

    return Distribution(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, Any, Any]:
    from tests.distribution import sendable

    return sendable((yield))
