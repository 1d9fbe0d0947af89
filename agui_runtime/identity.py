"""Who is asking, as the settings say it: from the environment to a scheme of `authenticate`."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from agui_runtime.authentication import BearerTokens, JsonWebTokens, TrustedProxy
from agui_runtime.authentication.json_web_tokens import TokenRules
from agui_runtime.core.errors import Misconfigured, MissingExtra
from agui_runtime.runtime.runtime import Authenticate, CopilotRuntime
from agui_runtime.settings import Settings, variable, variables


class _Scheme(NamedTuple):
    """The settings of one scheme: those that it needs, those that it may have, how it is made."""

    needed: tuple[str, ...]
    make: Callable[[Settings], Authenticate]
    more: tuple[str, ...] = ()


def _tokens(settings: Settings) -> Authenticate:
    return BearerTokens.listed(settings.tokens or "", variable("tokens"))


def _tokens_file(settings: Settings) -> Authenticate:
    return BearerTokens.read(settings.tokens_file or "")


class _DeclaredTokens(JsonWebTokens):
    """Where their keys cannot be read, the error names the variable that says where these are."""

    async def open(self) -> None:
        try:
            await super().open()
        except Misconfigured as error:
            raise Misconfigured(f"{variable('jwt_jwks')}: {error.message}") from None


def _json_web_tokens(settings: Settings) -> Authenticate:
    rules = TokenRules(
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
        algorithms=settings.jwt_algorithms,
        leeway=settings.jwt_leeway,
        owner=settings.jwt_owner,
    )
    return _DeclaredTokens(settings.jwt_jwks or "", rules)


def _proxy(settings: Settings) -> Authenticate:
    return TrustedProxy(settings.proxy_header or "", settings.proxy_addresses or ())


_SCHEMES = (
    _Scheme(("tokens",), _tokens),
    _Scheme(("tokens_file",), _tokens_file),
    _Scheme(
        ("jwt_jwks", "jwt_issuer", "jwt_audience"),
        _json_web_tokens,
        more=("jwt_algorithms", "jwt_leeway", "jwt_owner"),
    ),
    _Scheme(("proxy_header", "proxy_addresses"), _proxy),
)


def declared_scheme(settings: Settings) -> Authenticate | None:
    """The scheme that the environment asks for, if any; raises Misconfigured where it asks for two,
    for a part of one, or for one beside AGUI_ALLOW_ANONYMOUS.
    """
    wanted = {each: _present(each, settings) for each in _SCHEMES}
    chosen = [each for each in _SCHEMES if wanted[each]]
    if not chosen:
        return None
    if len(chosen) > 1:
        names = [name for each in chosen for name in wanted[each]]
        raise Misconfigured(f"{variables(names)} are two ways to say who is asking: choose one")
    scheme = chosen[0]
    if missing := [name for name in scheme.needed if name not in settings.present]:
        raise Misconfigured(f"{variables(wanted[scheme])}: set {variables(missing)}, too")
    if settings.allow_anonymous:
        raise Misconfigured(
            f"AGUI_ALLOW_ANONYMOUS lets in everybody, {variables(wanted[scheme])} does not: leave "
            "out one of them"
        )
    return _made(scheme, settings)


def _made(scheme: _Scheme, settings: Settings) -> Authenticate:
    try:
        return scheme.make(settings)
    except MissingExtra:
        raise
    except Misconfigured as error:
        names = variables(_present(scheme, settings))
        raise Misconfigured(f"{names}: {error.message}") from None


def authenticate_by(
    settings: Settings, runtime: CopilotRuntime, given: Authenticate | None = None
) -> None:
    """Have the runtime know callers by what `create_app` was given, or as the environment says;
    raises Misconfigured where two of these and the runtime itself say something.
    """
    declared = declared_scheme(settings)
    if declared is not None:
        if given is not None or runtime.is_given_callers:
            names = variables(settings.present & _NAMES)
            raise Misconfigured(
                f"{names} cannot be obeyed: the runtime was given `authenticate`; leave out one of "
                "them"
            )
        runtime.authenticate = declared
    elif given is not None:
        if runtime.authenticate not in (None, given):
            raise Misconfigured("authenticate: the runtime has one already; leave out one of them")
        runtime.authenticate = given


def _present(scheme: _Scheme, settings: Settings) -> list[str]:
    return [name for name in scheme.needed + scheme.more if name in settings.present]


_NAMES = frozenset(name for each in _SCHEMES for name in each.needed + each.more)
