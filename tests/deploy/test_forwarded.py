"""Whom `serve` takes for the client: who connects, or whom a proxy that it trusts names."""

from __future__ import annotations

import httpx
import pytest

from tests.programs import serving

NAMED = {"x-forwarded-for": "203.0.113.5"}


@pytest.mark.parametrize(
    ("trusted", "client"), [("127.0.0.1", "203.0.113.5"), ("10.0.0.1", "127.0.0.1")]
)
async def test_access_lines_name_the_client_of_a_trusted_proxy(trusted: str, client: str) -> None:
    async with serving(FORWARDED_ALLOW_IPS=trusted) as (process, origin, _):
        async with httpx.AsyncClient(base_url=origin, headers=NAMED) as proxy:
            await proxy.get("/copilotkit/info")
        process.terminate()
        out, err = await process.communicate()
    [line] = [line for line in (out + err).decode().splitlines() if "/copilotkit/info" in line]
    assert f" {client}:" in line
