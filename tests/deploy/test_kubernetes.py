"""The manifests of Kubernetes, each folder as `kubectl apply --kustomize` would send it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

import agui_runtime
from agui_runtime.app import create_app
from agui_runtime.commands.cli import parser
from agui_runtime.commands.serving import GRACE
from agui_runtime.commands.worker import run as run_worker
from agui_runtime.core.key_ring import new_key
from agui_runtime.core.queueing import DEFAULT_QUEUE
from agui_runtime.hooks.telemetry.metrics import Metrics
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.settings import Settings
from tests.deploy.dockerfile import stages_of
from tests.deploy.kustomize import Manifest, rendered
from tests.fakes.talker import talking
from tests.programs import ROOT
from tests.support import client_of

FOLDER = ROOT / "deploy/k8s"
EACH = pytest.mark.parametrize("name", ["sqlite", "team", "upgrade", "workers"])
SERVING = pytest.mark.parametrize("name", ["sqlite", "team", "workers"])
SERVER, WORKER = "agui-runtime", "agui-runtime-worker"


def only(kind: str, name: str, called: str = "") -> Any:  # noqa: ANN401  # a manifest, of any form
    """The one of a folder that is of the kind, and has the name where there are several."""
    of_kind = [each for each in rendered(FOLDER / name) if each["kind"] == kind]
    [found] = [each for each in of_kind if called in {"", each["metadata"]["name"]}]
    return found


def pods(manifests: list[Manifest]) -> Iterator[dict[str, Any]]:
    for each in manifests:
        if each["kind"] in {"Deployment", "Job"}:
            yield each["spec"]["template"]["spec"]


def test_every_folder_is_tried() -> None:
    folders = {each.parent.name for each in FOLDER.glob("*/kustomization.yaml")}
    assert folders == {"base", "sqlite", "team", "upgrade", "workers"}


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
    for pod in pods(rendered(FOLDER / name)):
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
        mounted = {it["name"] for it in container["volumeMounts"]}
        assert mounted == {it["name"] for it in pod["volumes"]}


@SERVING
def test_everything_that_chooses_pods_chooses_those_of_its_name(name: str) -> None:
    manifests = rendered(FOLDER / name)
    labels = {
        each["metadata"]["name"]: each["spec"]["template"]["metadata"]["labels"]
        for each in manifests
        if each["kind"] == "Deployment"
    }
    chosen = [
        (
            each["metadata"]["name"],
            each["spec"].get("podSelector") or each["spec"].get("selector"),
        )
        for each in manifests
        if each["kind"] in {"Service", "NetworkPolicy", "PodDisruptionBudget", "Deployment"}
    ]
    for called, selector in chosen:
        assert selector.get("matchLabels", selector) == labels[called]
    assert len(chosen) >= 3 * len(labels)
    assert len({str(each) for each in labels.values()}) == len(labels)


@SERVING
async def test_the_probes_are_answered_and_the_settings_obeyed(name: str) -> None:
    Settings.read(only("ConfigMap", name)["data"])
    pod = only("Deployment", name, SERVER)["spec"]["template"]["spec"]
    [container] = pod["containers"]
    paths = [container[each]["httpGet"]["path"] for each in container if each.endswith("Probe")]
    assert len(paths) == 3
    async with client_of(create_app(CopilotRuntime({"default": talking}))) as client:
        answers = [await client.get(path, headers={"host": "10.1.2.3:8000"}) for path in paths]
    assert [answer.status_code for answer in answers] == [200] * 3


@SERVING
def test_a_pod_has_the_time_to_drain(name: str) -> None:
    drain = Settings.read(only("ConfigMap", name)["data"]).drain_seconds
    for pod in pods(rendered(FOLDER / name)):
        before = pod["containers"][0].get("lifecycle")
        wait = int(before["preStop"]["exec"]["command"][1]) if before else 0
        assert pod["terminationGracePeriodSeconds"] >= wait + drain + GRACE


def test_one_pod_at_a_time_has_the_disk() -> None:
    assert only("PersistentVolumeClaim", "sqlite")["spec"]["accessModes"] == ["ReadWriteOncePod"]
    deployment = only("Deployment", "sqlite")["spec"]
    assert (deployment["replicas"], deployment["strategy"]) == (1, {"type": "Recreate"})


@pytest.mark.parametrize(
    ("name", "called"), [("team", SERVER), ("workers", SERVER), ("workers", WORKER)]
)
def test_a_team_is_never_without_all_of_its_pods(name: str, called: str) -> None:
    deployment = only("Deployment", name, called)["spec"]
    assert deployment["replicas"] == 2
    assert deployment["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


@pytest.mark.parametrize(
    ("name", "secrets"),
    [
        ("team", {"AGUI_STORE_FILE": "AGUI_STORE"}),
        ("upgrade", {"AGUI_STORE_FILE": "AGUI_STORE"}),
        (
            "workers",
            {
                "AGUI_STORE_FILE": "AGUI_STORE",
                "AGUI_QUEUE_FILE": "AGUI_STORE",
                "AGUI_KEYS_FILE": "AGUI_KEYS",
            },
        ),
    ],
)
def test_what_is_secret_is_in_files_of_a_secret_without_which_no_pod_starts(
    name: str, secrets: dict[str, str], tmp_path: Path
) -> None:
    store = "postgresql://agui:secret@postgres/agui"
    (tmp_path / "AGUI_STORE").write_text(store)
    (tmp_path / "AGUI_KEYS").write_text(new_key())
    for pod in pods(rendered(FOLDER / name)):
        [container] = pod["containers"]
        [mount] = [it for it in container["volumeMounts"] if it["name"] == "secrets"]
        [volume] = [it for it in pod["volumes"] if it["name"] == "secrets"]
        assert volume["secret"] == {"secretName": "agui-runtime", "defaultMode": 0o440}
        assert pod["securityContext"]["fsGroup"] == pod["securityContext"]["runAsGroup"]
        given = {it["name"]: it["value"] for it in container["env"]}
        assert given == {each: f"{mount['mountPath']}/{key}" for each, key in secrets.items()}
        here = {each: str(tmp_path / key) for each, key in secrets.items()}
        assert Settings.read(here).store == store


def test_workers_have_the_settings_of_the_servers_whose_runs_they_take() -> None:
    server, worker = (
        only("Deployment", "workers", called)["spec"]["template"]["spec"]["containers"][0]
        for called in (SERVER, WORKER)
    )
    for part in ("env", "envFrom", "image", "volumeMounts"):
        assert worker[part] == server[part]
    options = parser().parse_args(worker["args"])
    assert (options.command, options.queues) == (run_worker, [DEFAULT_QUEUE])


def test_workers_are_reached_by_prometheus_alone_and_reach_what_servers_reach() -> None:
    deployment = only("Deployment", "workers", WORKER)["spec"]
    [container] = deployment["template"]["spec"]["containers"]
    metrics = Settings.read(only("ConfigMap", "workers")["data"]).metrics
    assert metrics is not None
    assert container["ports"] == [{"name": "metrics", "containerPort": metrics[1]}]
    assert [each for each in container if each.endswith("Probe")] == []
    assert deployment["minReadySeconds"] > 0
    server, worker = (
        only("NetworkPolicy", "workers", called)["spec"] for called in (SERVER, WORKER)
    )
    assert worker["egress"] == server["egress"]
    assert worker["ingress"] == [
        each for each in server["ingress"] if each["ports"] == [{"port": "metrics"}]
    ]


def test_what_scales_workers_is_for_those_whose_clusters_know_it() -> None:
    scaling = yaml.safe_load((FOLDER / "workers/scaling.yaml").read_text())
    assert scaling["kind"] not in {each["kind"] for each in rendered(FOLDER / "workers")}
    spec = scaling["spec"]
    deployment = only("Deployment", "workers", spec["scaleTargetRef"]["name"])
    assert deployment["metadata"]["name"] == WORKER
    assert spec["minReplicaCount"] == deployment["spec"]["replicas"] < spec["maxReplicaCount"]
    slots = (
        parser().parse_args(deployment["spec"]["template"]["spec"]["containers"][0]["args"]).slots
    )
    assert int(spec["triggers"][0]["metadata"]["threshold"]) < slots
    assert {each["type"] for each in spec["triggers"]} == {"prometheus"}
    queries = " ".join(each["metadata"]["query"] for each in spec["triggers"])
    asked = set(re.findall(r"agui_[a-z_]+", queries))
    assert len(asked) == 3
    assert asked <= {each.name for each in Metrics().registry.collect()}


def test_the_commands_in_the_manifests_are_commands() -> None:
    assert only("Job", "upgrade")["spec"]["template"]["spec"]["containers"][0]["args"] == [
        "db",
        "upgrade",
    ]
    assert Path(FOLDER, "upgrade/kustomization.yaml").read_text().count("agui-runtime-upgrade") == 2
