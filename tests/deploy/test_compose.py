"""The Compose files: what they say by Compose's own schema, and by ours."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import agui_runtime
from agui_runtime.commands.cli import parser
from agui_runtime.commands.serving import GRACE
from agui_runtime.commands.worker import run as run_worker
from agui_runtime.core.key_ring import new_key
from agui_runtime.settings import Settings
from tests.deploy.dockerfile import stages_of
from tests.programs import ROOT

FOLDER = ROOT / "deploy/compose"
FILES = ("compose.yaml", "workers.yaml")
Plan = dict[str, Any]


def merged(below: Any, above: Any) -> Any:  # noqa: ANN401  # whatever YAML says
    """What `--file` of two gives, for as much of its rules as the files use."""
    if isinstance(below, dict) and isinstance(above, dict):
        both = {name: merged(below[name], above[name]) for name in below.keys() & above.keys()}
        return {**below, **above, **both}
    if isinstance(below, list) and isinstance(above, list):
        return [*below, *(each for each in above if each not in below)]
    return above


ALONE, OVERLAY = (yaml.safe_load((FOLDER / name).read_text()) for name in FILES)
PLANS: dict[str, Plan] = {"alone": ALONE, "with workers": merged(ALONE, OVERLAY)}
SERVICES: dict[str, dict[str, Any]] = ALONE["services"]
WITH_WORKERS: dict[str, dict[str, Any]] = PLANS["with workers"]["services"]
OURS = [
    (plan, name)
    for plan, each in PLANS.items()
    for name in sorted(each["services"])
    if "build" in each["services"][name]
]


def settings_of(service: Plan, folder: Path) -> Settings:
    """Read as the service does, with the secrets in a folder of ours."""
    (folder / "keys").write_text(new_key())
    here = {
        name: value.replace("/run/secrets", str(folder))
        for name, value in service["environment"].items()
    }
    return Settings.read(here)


@pytest.mark.parametrize("name", FILES)
def test_the_schema_of_compose_knows_every_word(name: str) -> None:
    program = Path(sys.executable).with_name("check-jsonschema")
    words = [str(program), "--builtin-schema", "vendor.compose-spec", str(FOLDER / name)]
    found = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "ok -- validation done\n")


@pytest.mark.parametrize(("plan", "name"), OURS)
def test_ours_have_no_rights_their_time_and_settings_that_are_obeyed(
    plan: str, name: str, tmp_path: Path
) -> None:
    service = PLANS[plan]["services"][name]
    assert service["image"] == f"agui-runtime:{agui_runtime.__version__}"
    assert (FOLDER / service["build"] / "Dockerfile").is_file()
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    settings = settings_of(service, tmp_path)
    assert int(service["stop_grace_period"].removesuffix("s")) >= settings.drain_seconds + GRACE


@pytest.mark.parametrize("plan", PLANS)
def test_what_is_named_is_there(plan: str) -> None:
    services = PLANS[plan]["services"]
    for name, service in services.items():
        for kind in ("secrets", "networks"):
            assert set(service.get(kind, ())) <= PLANS[plan][kind].keys(), name
        volumes = [each.partition(":")[0] for each in service.get("volumes", ())]
        for volume in volumes:
            assert volume in PLANS[plan]["volumes"] or (FOLDER / volume).is_file(), volume
        for other in service.get("depends_on", ()):
            assert services[other]["profiles"] == service["profiles"]
        for place in re.findall(r"/run/secrets/(\w+)", str(service)):
            assert place in service["secrets"]


def test_a_worker_is_as_a_replica_is_but_for_its_command(tmp_path: Path) -> None:
    replica, worker = (dict(WITH_WORKERS[name]) for name in ("web-1", "worker"))
    options = parser().parse_args(worker.pop("command"))
    assert options.command == run_worker
    assert worker.pop("healthcheck") == {"disable": True}
    secrets = [set(each.pop("secrets")) for each in (replica, worker)]
    assert secrets[0] == secrets[1]
    known_by_caddy = {"FORWARDED_ALLOW_IPS": "*"}
    environment = {**worker.pop("environment"), **known_by_caddy}
    assert (environment, worker) == (replica.pop("environment"), replica)
    settings = settings_of(WITH_WORKERS["worker"], tmp_path)
    assert settings.queue == settings.store
    assert settings.keys == ((tmp_path / "keys").read_text(),)


def test_the_store_is_on_the_images_volume_and_databases_have_no_ports() -> None:
    volume = stages_of(ROOT / "Dockerfile")[-1].only("VOLUME").text
    assert SERVICES["one"]["volumes"] == [f"threads:{volume}"]
    open_to = {name: each["ports"] for name, each in WITH_WORKERS.items() if "ports" in each}
    assert open_to.keys() == {"one", "caddy"}
    assert open_to["one"] == ["127.0.0.1:8000:8000"]


def test_caddy_passes_requests_to_every_replica() -> None:
    replicas = {name for name in SERVICES if name.startswith("web")}
    places = SERVICES["caddy"]["environment"]["REPLICAS"].split()
    assert places == [f"{name}:8000" for name in sorted(replicas)]
    file = SERVICES["caddy"]["volumes"][0].partition(":")[0]
    text = (FOLDER / file).read_text()
    assert [word for word in ("SITE", "REPLICAS") if f"{{${word}:" not in text] == []
