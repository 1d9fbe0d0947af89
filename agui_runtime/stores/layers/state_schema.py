"""What an agent's state must look like, and how older ones become so. It stores nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from pydantic import TypeAdapter, ValidationError

from agui_runtime.core import jsontext
from agui_runtime.core.errors import Misconfigured, MissingExtra, StateUnreadable
from agui_runtime.core.jsontext import Json
from agui_runtime.core.log_lines import logger_of

logger = logger_of(__name__)

Migration: TypeAlias = Callable[[Any], Any]
"""From a state of one version, a copy of its own to change, to one of the next version."""

Judge: TypeAlias = Callable[[Any], "str | None"]
"""What is wrong with a state, or None."""

LONGEST = 300
"""Characters of a problem that are told: it quotes the state."""


class StateSchema:
    """The shape of one agent's state.

    `shape` is a JSON schema (which needs the extra `schema`) or a pydantic model; None takes any
    JSON. A state that is `{}` or null is no state yet, and always right: front ends begin with it.
    `migrations[n]` makes a state of version n into one of version n + 1, up to `version`; states
    that were saved without a schema count as version 1. Raises Misconfigured for a schema that is
    none, and for migrations with a hole.
    """

    def __init__(
        self,
        shape: Mapping[str, Json] | type | None = None,
        *,
        version: int = 1,
        migrations: Mapping[int, Migration] | None = None,
    ) -> None:
        self.version = version
        self._migrations = dict(migrations or {})
        self._judge = _judge(shape)
        oldest = min(self._migrations, default=version)
        known = sorted(self._migrations)
        if known != list(range(oldest, version)) or oldest < 1:
            raise Misconfigured(
                f"a state schema of version {version} has migrations from {known}; each version "
                f"from the oldest up to {version - 1} needs one, and the first version is 1"
            )

    def problem(self, state: object) -> str | None:
        """What is wrong with a state of the present version, in one line; None if nothing is."""
        if not state and state in ({}, None):
            return None
        try:
            found = self._judge(state)
        except RecursionError:
            return "it is nested too deeply"
        return None if found is None else found[:LONGEST]

    def migrated(self, state: object, version: int) -> Json:
        """The state as the present version has it; raises StateUnreadable.

        That is for versions that have no migration, also those of a newer server, and for
        migrations that fail or make what the schema refuses.
        """
        if version == self.version or state in ({}, None):
            return state
        state = jsontext.loads(jsontext.dumps(state))
        for step in range(version, self.version):
            state = self._step(step, state)
        if version > self.version:
            raise StateUnreadable(
                f"the state has schema version {version}, this server knows {self.version}; "
                "a newer one saved it"
            )
        problem = self.problem(state)
        if problem is not None:
            raise StateUnreadable(
                f"the state of schema version {version} does not match the schema after its "
                f"migration to {self.version}: {problem}"
            )
        return state

    def _step(self, version: int, state: object) -> Json:
        if version not in self._migrations:
            raise StateUnreadable(
                f"the state has schema version {version}, for which no migration is registered"
            )
        try:
            return self._migrations[version](state)
        except Exception as error:  # user code: a migration
            logger.exception("the migration from schema version %s failed", version)
            raise StateUnreadable(
                f"the migration of the state from schema version {version} failed"
            ) from error


def _judge(shape: Mapping[str, Any] | type | None) -> Judge:
    if shape is None:
        return lambda state: None
    return _by_model(shape) if isinstance(shape, type) else _by_json_schema(shape)


def _by_model(shape: type) -> Judge:
    adapter: TypeAdapter[object] = TypeAdapter(shape)

    def judge(state: object) -> str | None:
        try:
            adapter.validate_json(jsontext.dumps(state))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            return f"{_path(first['loc'])}: {first['msg']}"
        return None

    return judge


def _by_json_schema(shape: Mapping[str, Any]) -> Judge:
    try:
        from jsonschema import exceptions, validators
        from jsonschema_specifications import REGISTRY
        from referencing.exceptions import Unresolvable
    except ModuleNotFoundError:  # pragma: no cover - needs an installation without jsonschema
        raise MissingExtra("a JSON schema for states", "schema") from None

    kind = validators.validator_for(shape, default=validators.Draft202012Validator)
    try:
        kind.check_schema(shape)
    except exceptions.SchemaError as error:
        raise Misconfigured(f"this is no JSON schema: {error.message[:LONGEST]}") from None
    # With a registry of its own it never fetches what a `$ref` names.
    validator = kind(shape, registry=REGISTRY)

    def judge(state: object) -> str | None:
        try:
            worst = exceptions.best_match(validator.iter_errors(state))
        except Unresolvable as error:
            raise Misconfigured(f"a state's JSON schema lacks what it refers to: {error}") from None
        return None if worst is None else f"{_path(worst.absolute_path)}: {worst.message}"

    return judge


def _path(parts: Any) -> str:  # noqa: ANN401  # a sequence of keys and indices, of either library
    return "".join(f"/{part}" for part in parts) or "/"
