"""JSON Web Tokens (RFC 7519) of an identity provider, checked as RFC 8725 demands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from agui_runtime.authentication.key_sets import USUAL_AGE, KeyAge, KeySet
from agui_runtime.authentication.requests import IncomingRequest, bearer_token
from agui_runtime.core.errors import Misconfigured, MissingExtra
from agui_runtime.core.events import Caller
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.core.keyword_arguments import explains_arguments
from agui_runtime.core.log_lines import logger_of

if TYPE_CHECKING:
    from jwt import PyJWK

logger = logger_of(__name__)

LONGEST = 16_384
"""Characters of a token."""

LONGEST_LEEWAY = 300.0

KINDS: Mapping[str, str] = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), "RSA"),
    **dict.fromkeys(("ES256", "ES384", "ES512"), "EC"),
    "EdDSA": "OKP",
}
"""The algorithms there can be, with the kind of key that each takes. All have a public key: one
that both sides know (HS256) could be mistaken for it, and `none` is no signature.
"""

Names: TypeAlias = str | Sequence[str] | None


@explains_arguments
@dataclass(frozen=True, slots=True)
class TokenRules:
    """What a token must be, besides signed and not expired.

    `issuer` and `audience` are whom it must come from and be for; None accepts any. `algorithms`
    are those with which it may be signed, whatever it says itself. `leeway` are the seconds by
    which clocks may differ. `owner` is the claim that becomes the caller's owner. Raises
    Misconfigured.
    """

    issuer: Names
    audience: Names
    algorithms: Sequence[str] = ("RS256", "ES256")
    leeway: float = 30.0
    owner: str = "sub"

    def __post_init__(self) -> None:
        if isinstance(self.algorithms, str) or not self.algorithms:
            raise Misconfigured("algorithms: give a list, ['RS256']")
        if unknown := sorted(set(self.algorithms) - KINDS.keys()):
            raise Misconfigured(f"algorithms: no {unknown[0]!r}; there are {', '.join(KINDS)}")
        if not 0 <= self.leeway <= LONGEST_LEEWAY:
            raise Misconfigured(f"leeway: from 0 to {LONGEST_LEEWAY:g} seconds")
        if not self.owner or any(each in ("", []) for each in (self.issuer, self.audience)):
            raise Misconfigured("issuer, audience and owner must not be empty")


@explains_arguments
class JsonWebTokens:
    """Knows callers by tokens of the issuer whose `keys` are at a path or an https:// URL; the
    caller's claims are the token's.

    The keys are read when the app starts, which fails where that is not possible, and again as
    `age` says. Raises Misconfigured, and MissingExtra without the packages.
    """

    def __init__(self, keys: str | Path, rules: TokenRules, age: KeyAge = USUAL_AGE) -> None:
        _need_packages()
        self._rules = rules
        self._keys = KeySet(keys, age)

    async def open(self) -> None:
        """Read the keys; raises Misconfigured where that is not possible."""
        await self._keys.open()

    async def __call__(self, request: IncomingRequest) -> Caller | None:
        token = bearer_token(request)
        if token is None:
            return None
        if len(token) > LONGEST:
            logger.info("a token was refused: it has more than %d characters", LONGEST)
            return None
        try:
            return self._caller(await self._claims(token))
        except _Refused as refused:
            logger.info("a token was refused: %s", refused)
            return None

    def _caller(self, claims: JsonObject) -> Caller:
        owner = claims.get(self._rules.owner)
        if not isinstance(owner, str) or not owner:
            raise _Refused(f"its claim {self._rules.owner!r} is no text")
        return Caller(owner, claims, float(claims["exp"]) + self._rules.leeway)

    async def _claims(self, token: str) -> JsonObject:
        import jwt

        try:
            header = jwt.get_unverified_header(token)
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise _Refused("it is no signed token") from None
        algorithm, wanted = str(header.get("alg")), header.get("kid")
        if algorithm not in self._rules.algorithms:
            raise _Refused("its algorithm is not one of ours")
        found = await self._keys.keys(wanted)
        for key in _fitting(found, algorithm, wanted):
            try:
                return self._verified(token, key, algorithm)
            except jwt.InvalidSignatureError:
                continue  # another key without an id may fit
            except jwt.PyJWTError as error:
                raise _Refused(type(error).__name__) from None
        raise _Refused("no key of its issuer has signed it")

    def _verified(self, token: str, key: PyJWK, algorithm: str) -> JsonObject:
        import jwt

        rules = self._rules
        claims: JsonObject = jwt.decode(
            token,
            key,
            algorithms=[algorithm],  # one of ours, for which this key is
            issuer=rules.issuer,
            audience=rules.audience,
            leeway=rules.leeway,
            options={
                "require": ["exp", *(["iss"] if rules.issuer else [])],
                "verify_aud": rules.audience is not None,
                "verify_iss": rules.issuer is not None,
            },
        )
        return claims


class _Refused(Exception):
    """Why a token is not believed; for the log alone."""


def _fitting(keys: Sequence[JsonObject], algorithm: str, wanted: str | None) -> Iterator[PyJWK]:
    """The keys that may verify a token: of the kind that the algorithm takes, for signatures, and
    with the id that the token names, if it names one.
    """
    from jwt import PyJWK, PyJWTError

    for key in keys:
        of_kind = key.get("kty") == KINDS[algorithm] and key.get("alg", algorithm) == algorithm
        signs = key.get("use", "sig") == "sig" and _may_verify(key.get("key_ops", ["verify"]))
        if of_kind and signs and (wanted is None or key.get("kid") == wanted):
            try:
                yield PyJWK(key, algorithm)
            except (PyJWTError, ValueError, TypeError) as error:
                logger.warning("a key of the issuer's cannot be used: %s", type(error).__name__)


def _may_verify(operations: Json) -> bool:
    return isinstance(operations, list) and "verify" in operations


def _need_packages() -> None:
    if not all(map(find_spec, ("cryptography", "jwt"))):
        raise MissingExtra("JsonWebTokens", "jwt")
