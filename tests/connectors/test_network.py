"""What connectors make of the environment: proxies, certificates, and this machine itself."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from agui_runtime.connectors.agui import AGUIAgent
from agui_runtime.connectors.copilotkit import RemoteEndpoint
from agui_runtime.connectors.langgraph import LangGraphAgent
from agui_runtime.connectors.litellm import LiteLLMAgent
from agui_runtime.connectors.mcp import McpServer
from agui_runtime.connectors.openai import OpenAIAgent
from agui_runtime.connectors.shared.network import Proxies, is_this_machine
from agui_runtime.connectors.transcription import OpenAITranscription, Recording
from agui_runtime.core.errors import Misconfigured
from agui_runtime.wrappers.guardrails import TopicChecker
from tests.connectors.talk import Talks, all_events, ask, text
from tests.fakes.model import TRANSCRIPT, ModelServer

VARIABLES = (
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR"),
)
NOBODY = "http://127.0.0.1:1"
"""A proxy at which nobody listens."""

FAR = "https://far.example"
CONNECTORS: dict[str, Callable[[str], object]] = {
    "openai": lambda url: OpenAIAgent("m", base_url=url),
    "litellm": lambda url: LiteLLMAgent("openai/m", api_key="sk-1", base_url=url),
    "transcription": lambda url: OpenAITranscription(base_url=url),
    "agui": AGUIAgent,
    "copilotkit": RemoteEndpoint,
    "langgraph": lambda url: LangGraphAgent(url, "graph"),
    "mcp": lambda url: McpServer(url=url),
    "guardrails": TopicChecker,
}


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment without any of the variables."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("connector", CONNECTORS)
@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("ALL_PROXY", "socks5://127.0.0.1:1", r"ALL_PROXY names a SOCKS proxy.*httpx\[socks\]"),
        ("HTTPS_PROXY", "ftp://127.0.0.1:1", "HTTPS_PROXY names no proxy"),
        ("https_proxy", "http://[::1", "HTTPS_PROXY names no proxy"),
        ("SSL_CERT_FILE", "/none/ca.pem", "SSL_CERT_FILE=/none/ca.pem cannot be read: No such"),
        ("SSL_CERT_DIR", "/none", "SSL_CERT_DIR=/none is no folder"),
    ],
)
def test_what_cannot_be_obeyed_is_told_in_one_line_at_the_start(
    connector: str, variable: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(Misconfigured, match=words) as caught:
        CONNECTORS[connector](FAR)
    assert "\n" not in caught.value.message


def test_a_file_that_holds_no_certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with pytest.raises(Misconfigured, match=r"ca\.pem holds no certificates"):
        OpenAIAgent("m", base_url=FAR)


def test_the_server_itself_says_so_and_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    monkeypatch.setenv("AGUI_MODEL", "openai/m")
    monkeypatch.setenv("AGUI_OPENAI_BASE_URL", f"{FAR}/v1")
    command = [sys.executable, "-m", "agui_runtime", "serve"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode != 0
    assert "ALL_PROXY names a SOCKS proxy" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("proxy", [NOBODY, "socks5://127.0.0.1:1"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1"])
@pytest.mark.parametrize("connector", ["openai", "transcription"])
async def test_this_machine_is_reached_without_a_proxy(
    connector: str, host: str, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    monkeypatch.setenv("HTTP_PROXY", proxy)
    async with ModelServer() as model:
        made = CONNECTORS[connector](model.url.replace("127.0.0.1", host))
        if isinstance(made, OpenAITranscription):
            assert await made.transcribe(Recording(b"x", "audio/wav", "a.wav")) == TRANSCRIPT
        elif isinstance(made, OpenAIAgent):
            assert await answer(made) == "You said: hi"
            await made.close()


async def answer(agent: Talks) -> str:
    return text(await all_events(agent, ask("hi")))


@pytest.mark.slow
def test_litellm_too_reaches_this_machine_without_a_proxy() -> None:
    """In a process of its own: litellm can only be told by the environment."""
    script = (
        "import asyncio, sys; from tests.connectors.test_network import CONNECTORS, answer;"
        "print(asyncio.run(answer(CONNECTORS['litellm'](sys.argv[1]))))"
    )
    with ModelServer() as model:
        ended = subprocess.run(
            [sys.executable, "-c", script, model.url],
            env={"PATH": "/usr/bin:/bin", "HTTP_PROXY": NOBODY, "ALL_PROXY": NOBODY},
            capture_output=True,
            text=True,
            check=False,
        )
    assert ended.stdout.strip() == "You said: hi", ended.stderr


async def test_others_are_reached_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async with ModelServer() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url.removesuffix("/v1"))
        monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1,::1,fe80::/10,10.0.0.0/8")
        agent = OpenAIAgent("m", base_url="http://far.example/v1")
        assert await answer(agent) == "You said: hi"
        await agent.close()
    assert proxy.seen[0].headers["host"] == "far.example"


@pytest.mark.parametrize(
    ("url", "direct"),
    [
        ("http://localhost", True),
        ("http://api.localhost:8000", True),
        ("http://127.0.0.1", True),
        ("http://127.8.9.1", True),
        ("http://127.1", True),
        ("http://[::1]:8000", True),
        ("http://[::ffff:127.0.0.1]", True),
        ("http://0.0.0.0:8000", True),
        ("http://10.2.3.4", True),
        ("http://11.2.3.4", False),
        ("http://192.168.7.7", True),
        ("http://192.168.7.8", False),
        ("http://[fe80::5]", True),
        ("http://[fd00::1]", True),
        ("http://[fd00::2]", False),
        ("http://example.org", True),
        ("http://www.example.org", True),
        ("http://wwwexample.org", False),
        ("http://www.dotted.org", True),
        ("http://www.starred.org", True),
        ("http://ported.org:8080", True),
        ("http://ported.org", False),
        ("https://schemed.org", True),
        ("http://schemed.org", False),
        ("http://1270.0.0.1.example", False),
        ("http://localhost.example", False),
    ],
)
def test_who_is_reached_directly(url: str, direct: bool) -> None:
    entries = (
        "example.org, .dotted.org,*.starred.org,ported.org:8080,https://schemed.org,,"
        "10.0.0.0/8,192.168.7.7,fe80::/10,[fd00::1],::1,not a/network,[broken"
    )
    proxies = Proxies({"all": "proxy.example:3128", "no": entries})
    assert proxies.of(httpx.URL(url)) == (None if direct else "http://proxy.example:3128")


def test_a_star_means_everybody() -> None:
    assert Proxies({"all": NOBODY, "no": "a,*"}).of(httpx.URL(FAR)) is None


def test_each_scheme_has_its_own_proxy() -> None:
    proxies = Proxies({"http": "http://one", "https": "http://two", "all": "http://three"})
    found = [proxies.of(httpx.URL(f"{scheme}://far.example")) for scheme in ("http", "https")]
    assert found == ["http://one", "http://two"]


@pytest.mark.parametrize("host", ["", "example.org", "128.0.0.1", "::2", "12701"])
def test_who_is_not_this_machine(host: str) -> None:
    assert not is_this_machine(host)
