"""What `kubectl kustomize` makes of a folder, for as much of it as `deploy/k8s` uses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from jsonpatch import JsonPatch

Manifest = dict[str, Any]


def rendered(folder: Path) -> list[Manifest]:
    """The objects of its resources, patched."""
    plan = yaml.safe_load((folder / "kustomization.yaml").read_text())
    assert plan.keys() <= {"apiVersion", "kind", "resources", "patches"}
    found: list[Manifest] = []
    for name in plan["resources"]:
        place = folder / name
        found += rendered(place) if place.is_dir() else yaml.safe_load_all(place.read_text())
    for patch in plan.get("patches", ()):
        [number] = [place for place, each in enumerate(found) if _is_meant(each, patch["target"])]
        steps = yaml.safe_load((folder / patch["path"]).read_text())
        found[number] = JsonPatch(steps).apply(found[number])
    return found


def _is_meant(manifest: Manifest, target: dict[str, str]) -> bool:
    named = (manifest["kind"], manifest["metadata"]["name"])
    return named == (target["kind"], target["name"])
