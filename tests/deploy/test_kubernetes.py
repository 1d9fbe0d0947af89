"""The manifests of Kubernetes, each folder as `kubectl apply --kustomize` would send it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

import agui_runtime
from agui_runtime.app import create_app
from agui_runtime.commands.serving import GRACE
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.settings import Settings
from tests.deploy.dockerfile import stages_of
from tests.deploy.kustomize import Manifest, rendered
from tests.fakes.talker import talking
from tests.programs import ROOT
from tests.support import client_of

FOLDER = ROOT / "deploy/k8s"
EACH = pytest.mark.parametrize("name", ["sqlite", "team", "upgrade"])
SERVING = pytest.mark.parametrize("name", ["sqlite", "team"])


def only(kind: str, name: str) -> Any:  # noqa: ANN401  # a manifest, of any form
    [found] = [each for each in rendered(FOLDER / name) if each["kind"] == kind]
    return found


def pods(manifests: list[Manifest]) -> Iterator[dict[str, Any]]:
    for each in manifests:
        if each["kind"] in {"Deployment", "Job"}:
            yield each["spec"]["template"]["spec"]


def test_every_folder_is_tried() -> None:
    folders = {each.parent.name for each in FOLDER.glob("*/kustomization.yaml")}
    assert folders == {"base", "sqlite", "team", "upgrade"}


@EACH
def test_the_schemas_of_kubernetes_know_every_word(name: str) -> None:
    for manifest in rendered(FOLDER / name):
        kubernetes_validate.validate(manifest, "1.37", strict=True)


@EACH
def test_pods_have_no_rights_and_the_images_user(name: str) -> None:
    user = int(stages_of(ROOT / "Dockerfile")[-1].only("USER").text.partition(":")[0])
    for pod in pods(rendered(FOLDER / name)):
        assert pod["automountServiceAccountToken"] is False
        assert (pod["securityContext"]["runAsNonRoot"], pod["securityContext"]["runAsUser"]) == (
            True,
            user,
        )
        [container] = pod["containers"]
        assert container["image"] == f"agui-runtime:{agui_runtime.__version__}"
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


@SERVING
def test_what_is_named_is_there(name: str) -> None:
    objects = {(each["kind"], each["metadata"]["name"]) for each in rendered(FOLDER / name)}
    [pod] = pods(rendered(FOLDER / name))
    [container] = pod["containers"]
    wanted = {
        *(("ConfigMap", it["configMapRef"]["name"]) for it in container["envFrom"][:1]),
        *(
            ("PersistentVolumeClaim", it["persistentVolumeClaim"]["claimName"])
            for it in pod["volumes"]
            if "persistentVolumeClaim" in it
        ),
    }
    assert wanted <= objects
    assert {it["name"] for it in container["volumeMounts"]} == {it["name"] for it in pod["volumes"]}


@SERVING
def test_everything_that_chooses_pods_chooses_these(name: str) -> None:
    manifests = rendered(FOLDER / name)
    labels = only("Deployment", name)["spec"]["template"]["metadata"]["labels"]
    chosen = [
        each["spec"].get("podSelector") or each["spec"].get("selector")
        for each in manifests
        if each["kind"] in {"Service", "NetworkPolicy", "PodDisruptionBudget", "Deployment"}
    ]
    assert [each.get("matchLabels", each) for each in chosen] == [labels] * len(chosen)
    assert len(chosen) >= 3


@SERVING
async def test_the_probes_are_answered_and_the_settings_obeyed(name: str) -> None:
    Settings.read(only("ConfigMap", name)["data"])
    [pod] = pods(rendered(FOLDER / name))
    [container] = pod["containers"]
    paths = [container[each]["httpGet"]["path"] for each in container if each.endswith("Probe")]
    assert len(paths) == 3
    async with client_of(create_app(CopilotRuntime({"default": talking}))) as client:
        answers = [await client.get(path, headers={"host": "10.1.2.3:8000"}) for path in paths]
    assert [answer.status_code for answer in answers] == [200] * 3


@SERVING
def test_a_pod_has_the_time_to_drain(name: str) -> None:
    drain = Settings.read(only("ConfigMap", name)["data"]).drain_seconds
    [pod] = pods(rendered(FOLDER / name))
    wait = int(pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pod["terminationGracePeriodSeconds"] >= wait + drain + GRACE


def test_one_pod_at_a_time_has_the_disk() -> None:
    assert only("PersistentVolumeClaim", "sqlite")["spec"]["accessModes"] == ["ReadWriteOncePod"]
    deployment = only("Deployment", "sqlite")["spec"]
    assert (deployment["replicas"], deployment["strategy"]) == (1, {"type": "Recreate"})


def test_a_team_is_never_without_all_of_its_pods() -> None:
    deployment = only("Deployment", "team")["spec"]
    assert deployment["replicas"] == 2
    assert deployment["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


@pytest.mark.parametrize("name", ["team", "upgrade"])
def test_the_store_is_in_a_file_of_a_secret_without_which_no_pod_starts(
    name: str, tmp_path: Path
) -> None:
    [pod] = pods(rendered(FOLDER / name))
    [container] = pod["containers"]
    [variable] = container["env"]
    [mount] = [it for it in container["volumeMounts"] if it["name"] == "secrets"]
    [volume] = [it for it in pod["volumes"] if it["name"] == "secrets"]
    assert volume["secret"] == {"secretName": "agui-runtime", "defaultMode": 0o440}
    assert pod["securityContext"]["fsGroup"] == pod["securityContext"]["runAsGroup"]
    assert variable["value"] == f"{mount['mountPath']}/AGUI_STORE"
    file = tmp_path / "AGUI_STORE"
    file.write_text("postgresql://agui:secret@postgres/agui")
    assert Settings.read({variable["name"]: str(file)}).store == file.read_text()


def test_the_commands_in_the_manifests_are_commands() -> None:
    assert only("Job", "upgrade")["spec"]["template"]["spec"]["containers"][0]["args"] == [
        "db",
        "upgrade",
    ]
    assert Path(FOLDER, "upgrade/kustomization.yaml").read_text().count("agui-runtime-upgrade") == 2
