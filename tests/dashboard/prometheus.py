"""A real Prometheus that scrapes one server by the rules of this repository."""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.ports import free_port
from tests.programs import ROOT

ALERTS = ROOT / "deploy" / "prometheus" / "alerts.json"

CONFIG = """
global: {{scrape_interval: {period}, scrape_timeout: {period}, evaluation_interval: {period}}}
rule_files: ["{alerts}"]
scrape_configs:
- job_name: agui
  static_configs: [{{targets: ["{target}"]}}]
- job_name: prometheus
  static_configs: [{{targets: ["{address}"]}}]
"""

DURATION = re.compile(r"\b(\d+)([smhd])\b")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}

Labels = Mapping[str, str]


@dataclass(frozen=True)
class Curve:
    """One series of an answer: seconds since the epoch, and values that may be no numbers."""

    labels: Labels
    points: Sequence[tuple[float, float]]

    @property
    def numbers(self) -> Sequence[tuple[float, float]]:
        return [point for point in self.points if math.isfinite(point[1])]


class Prometheus:
    """A running one, by its HTTP API."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def now(self, query: str) -> Sequence[Curve]:
        found = await self.get("query", query=query)
        return [_curve(each["metric"], [each["value"]]) for each in found["result"]]

    async def between(self, query: str, start: float, end: float, step: float) -> Sequence[Curve]:
        about = {"start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step:.3f}"}
        found = await self.get("query_range", query=query, **about)
        return [_curve(each["metric"], each["values"]) for each in found["result"]]

    async def instances(self) -> Sequence[str]:
        """What the dashboard's variable lists."""
        return sorted(each.labels["instance"] for each in await self.now("agui_runs_live"))

    async def firing(self) -> Mapping[str, Labels]:
        """The alerts that are, with their labels."""
        alerts = (await self.get("alerts"))["alerts"]
        return {
            each["labels"]["alertname"]: each["labels"]
            for each in alerts
            if each["state"] == "firing"
        }

    async def get(self, path: str, **parameters: str) -> Any:  # noqa: ANN401  # JSON
        answer = (await self._client.get(path, params=parameters)).json()
        assert answer["status"] == "success", answer
        return answer["data"]


def _curve(labels: Labels, points: Sequence[tuple[float, str]]) -> Curve:
    return Curve(labels, [(at, float(value)) for at, value in points])


@asynccontextmanager
async def watching(
    target: str, folder: Path, *, alerts: Path = ALERTS, seconds: float = 0.5
) -> AsyncIterator[Prometheus]:
    """`seconds` are those between two looks at the target, and at Prometheus itself, whose process
    is none of ours.
    """
    address = f"127.0.0.1:{free_port()}"
    period = f"{seconds * 1000:.0f}ms"
    config = CONFIG.format(alerts=alerts, target=target, address=address, period=period)
    (folder / "prometheus.yml").write_text(config)
    process = await asyncio.create_subprocess_exec(
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        line = b""
        while b"ready to receive web requests" not in line:
            line = await process.stderr.readline()
            assert line, "Prometheus did not start"
        async with httpx.AsyncClient(base_url=f"http://{address}/api/v1", timeout=30) as client:
            yield Prometheus(client)
    finally:
        process.terminate()
        await process.communicate()


def hurried(folder: Path, times: float) -> Path:
    """The shipped rules, in a file below the folder, with a time that runs so many times faster."""

    def shorter(found: re.Match[str]) -> str:
        return f"{int(found[1]) * SECONDS[found[2]] * 1000 / times:.0f}ms"

    page = json.loads(ALERTS.read_text())
    for group in page["groups"]:
        for rule in group["rules"]:
            rule["for"] = DURATION.sub(shorter, rule["for"])
            rule["expr"] = re.sub(
                r"\[[^\]]*\]|offset \w+",
                lambda found: DURATION.sub(shorter, found[0]),
                rule["expr"],
            )
    file = folder / "alerts.json"
    file.write_text(json.dumps(page))
    return file
