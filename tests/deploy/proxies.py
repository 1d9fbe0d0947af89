"""The proxies of `deploy/`, real ones, with the files that users get: only addresses are others."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import httpx

from tests.clients.between import running
from tests.ports import free_port
from tests.programs import ROOT

NGINX = ROOT / "deploy/nginx/agui-runtime.conf"
CADDY = ROOT / "deploy/caddy/Caddyfile"

AROUND_NGINX = """
daemon off;
user root root;
pid {folder}/pid;
events {{}}
http {{
  access_log off;
  gzip on; gzip_types *; gzip_proxied any; gzip_min_length 0;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  include {folder}/site.conf;
}}
"""
AROUND_CADDY = "{{\n\tadmin off\n\tauto_https disable_redirects\n}}\n{site}"


class Certificate(NamedTuple):
    """One for `localhost` that is its own authority."""

    file: Path
    key: Path

    @classmethod
    def made(cls, folder: Path) -> Certificate:
        file, key = folder / "certificate.pem", folder / "key.pem"
        words = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test")
        names = ("-addext", "subjectAltName=DNS:localhost")
        where = ("-keyout", str(key), "-out", str(file))
        subprocess.run(["openssl", *words, *names, *where], check=True, capture_output=True)
        return cls(file, key)

    @property
    def trusted(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.file))


class Front(NamedTuple):
    """A proxy that runs: where it is, and by what it is known."""

    origin: str
    trusted: ssl.SSLContext

    def client(self, **more: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=self.origin, http2=True, verify=self.trusted, timeout=60, headers=more
        )


class Proxy(NamedTuple):
    """Which one, and with which certificate; `changes` are what a user of it would edit."""

    name: str
    certificate: Certificate

    @asynccontextmanager
    async def before(
        self, origins: Sequence[str], folder: Path, changes: Mapping[str, str] | None = None
    ) -> AsyncIterator[Front]:
        """It runs while the block does, before servers at these origins."""
        port = free_port()
        replicas = [origin.removeprefix("http://") for origin in origins]
        write = {"nginx": _nginx, "caddy": _caddy}[self.name]
        words = write(folder, port, replicas, self.certificate, changes or {})
        homes = {name: str(folder) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
        trusted, origin = self.certificate.trusted, f"https://localhost:{port}"
        async with running(words, folder, origin, homes):
            yield Front(origin, trusted)


def _nginx(
    folder: Path, port: int, replicas: Sequence[str], proof: Certificate, changes: Mapping[str, str]
) -> tuple[str, ...]:
    servers = "\n".join(f"server {each} max_fails=0;" for each in replicas)
    usual = {
        "server 127.0.0.1:8000 max_fails=0;": servers,
        "listen 443 ": f"listen 127.0.0.1:{port} ",
        "/etc/ssl/app.example.com.pem": str(proof.file),
        "/etc/ssl/private/app.example.com.key": str(proof.key),
    }
    (folder / "site.conf").write_text(_changed(NGINX.read_text(), usual, changes))
    settings = folder / "nginx.conf"
    settings.write_text(AROUND_NGINX.format(folder=folder))
    return ("nginx", "-e", f"{folder}/errors", "-c", str(settings))


def _caddy(
    folder: Path, port: int, replicas: Sequence[str], proof: Certificate, changes: Mapping[str, str]
) -> tuple[str, ...]:
    site = "{$SITE:app.example.com} {\n"
    usual = {site: f"{site}\tbind 127.0.0.1\n\ttls {proof.file} {proof.key}\n"}
    settings = folder / "Caddyfile"
    text = _changed(CADDY.read_text(), usual, changes)
    settings.write_text(AROUND_CADDY.format(site=text))
    where = (f"SITE=https://localhost:{port}", f"REPLICAS={' '.join(replicas)}")
    return ("env", *where, "caddy", "run", "--adapter", "caddyfile", "--config", str(settings))


def _changed(text: str, *changes: Mapping[str, str]) -> str:
    for each in changes:
        for old, new in each.items():
            assert old in text, old
            text = text.replace(old, new)
    return text
