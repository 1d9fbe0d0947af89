"""The Compose file: what it says by Compose's own schema, and by ours."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import agui_runtime
from agui_runtime.commands.serving import GRACE
from agui_runtime.settings import Settings
from tests.deploy.dockerfile import stages_of
from tests.programs import ROOT

FILE = ROOT / "deploy/compose/compose.yaml"
PLAN: dict[str, Any] = yaml.safe_load(FILE.read_text())
SERVICES: dict[str, dict[str, Any]] = PLAN["services"]
OURS = {name for name, each in SERVICES.items() if "build" in each}


def test_the_schema_of_compose_knows_every_word() -> None:
    program = Path(sys.executable).with_name("check-jsonschema")
    words = [str(program), "--builtin-schema", "vendor.compose-spec", str(FILE)]
    found = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "ok -- validation done\n")


@pytest.mark.parametrize("name", sorted(OURS))
def test_ours_have_no_rights_their_time_and_settings_that_are_obeyed(name: str) -> None:
    service = SERVICES[name]
    assert service["image"] == f"agui-runtime:{agui_runtime.__version__}"
    assert (FILE.parent / service["build"] / "Dockerfile").is_file()
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    settings = Settings.read(service["environment"])
    assert int(service["stop_grace_period"].removesuffix("s")) >= settings.drain_seconds + GRACE


def test_what_is_named_is_there() -> None:
    for name, service in SERVICES.items():
        for kind in ("secrets", "networks"):
            assert set(service.get(kind, ())) <= PLAN[kind].keys(), name
        volumes = [each.partition(":")[0] for each in service.get("volumes", ())]
        for volume in volumes:
            assert volume in PLAN["volumes"] or (FILE.parent / volume).is_file(), volume
        for other in service.get("depends_on", ()):
            assert SERVICES[other]["profiles"] == service["profiles"]
        for place in re.findall(r"/run/secrets/(\w+)", str(service)):
            assert place in service["secrets"]


def test_the_store_is_on_the_images_volume_and_databases_have_no_ports() -> None:
    volume = stages_of(ROOT / "Dockerfile")[-1].only("VOLUME").text
    assert SERVICES["one"]["volumes"] == [f"threads:{volume}"]
    open_to = {name: each["ports"] for name, each in SERVICES.items() if "ports" in each}
    assert open_to.keys() == {"one", "caddy"}
    assert open_to["one"] == ["127.0.0.1:8000:8000"]


def test_caddy_passes_requests_to_every_replica() -> None:
    replicas = {name for name in OURS if name.startswith("web")}
    places = SERVICES["caddy"]["environment"]["REPLICAS"].split()
    assert places == [f"{name}:8000" for name in sorted(replicas)]
    file = SERVICES["caddy"]["volumes"][0].partition(":")[0]
    text = (FILE.parent / file).read_text()
    assert [word for word in ("SITE", "REPLICAS") if f"{{${word}:" not in text] == []
