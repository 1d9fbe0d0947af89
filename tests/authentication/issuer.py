"""An identity provider on loopback: signs tokens, and serves the keys for them over HTTP."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

NAME = "https://issuer.example"
AUDIENCE = "copilot"


class Issuer:
    """Its keys can be rotated, and it can be down."""

    def __init__(self) -> None:
        self.keys = {"one": rsa.generate_private_key(65537, 2048)}
        self.curve = ec.generate_private_key(ec.SECP256R1())
        self.requests = 0
        self.is_down = False
        self.app = Starlette(routes=[Route("/jwks.json", self._answer)])

    def rotate(self) -> None:
        self.keys = {"two": rsa.generate_private_key(65537, 2048)}

    def key_set(self) -> dict[str, Any]:
        public = [
            {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig"}
            for kid, key in self.keys.items()
        ]
        curve = ECAlgorithm.to_jwk(self.curve.public_key(), as_dict=True)
        return {"keys": [*public, {**curve, "kid": "curve"}]}

    def public_pem(self) -> bytes:
        key = next(iter(self.keys.values())).public_key()
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return key.public_bytes(serialization.Encoding.PEM, form)

    def token(self, headers: Mapping[str, Any] | None = None, **claims: object) -> str:
        kid, key = next(iter(self.keys.items()))
        named = {"kid": kid} if headers is None else dict(headers)
        return jwt.encode(self.claims(**claims), key, "RS256", named)

    def claims(self, **claims: object) -> dict[str, Any]:
        usual = {"iss": NAME, "aud": AUDIENCE, "sub": "ann", "exp": time.time() + 600}
        return {name: value for name, value in {**usual, **claims}.items() if value is not None}

    async def _answer(self, request: Request) -> JSONResponse:
        self.requests += 1
        return JSONResponse(self.key_set(), 503 if self.is_down else 200)
