"""Webhooks that clients give for tasks, kept beside the thread: they go when it is deleted."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from a2a.types.a2a_pb2 import TaskPushNotificationConfig
from a2a.utils.errors import (
    InvalidParamsError,
    PushNotificationNotSupportedError,
    TaskNotFoundError,
)
from google.protobuf.json_format import MessageToDict, ParseDict

from agui_runtime.core.errors import Conflict
from agui_runtime.core.ids import check_id
from agui_runtime.core.jsontext import JsonObject, dumps
from agui_runtime.stores.base import AgentState, StateStore
from agui_runtime.stores.shared.private_notes import WEBHOOKS
from agui_runtime.wires.a2a.task_ids import TaskRuns
from agui_runtime.wires.a2a.webhook_hosts import WebhookHosts

MOST = 10
"""Webhooks of one task."""

TASKS = 20
"""So many tasks of a thread have theirs, the latest that were given one."""

LARGEST = 2**19
"""Bytes of all webhooks of a thread, of which stores take 2**20; those of one task have fewer."""

DEFAULT = "default"
"""The id of one that is given without."""

_HEADER_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e]{0,4094}[\x21-\x7e])?")
_SCHEME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")

_Note = dict[str, dict[str, JsonObject]]
"""Of tasks, by the run that each begins with, their webhooks by their ids."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where a task's news go, and whether in the words of 0.3."""

    config: TaskPushNotificationConfig
    is_former: bool

    @property
    def headers(self) -> Mapping[str, str]:
        """Those by which the receiver knows that it is us."""
        made = {"Content-Type": "application/json"}
        if self.config.token:
            made["X-A2A-Notification-Token"] = self.config.token
        known = self.config.authentication
        if known.scheme and known.credentials:
            made["Authorization"] = f"{known.scheme} {known.credentials}"
        return made


class Webhooks:
    """Those of all tasks. Who may have which task is looked after by whoever calls."""

    def __init__(self, states: Callable[[], StateStore], hosts: WebhookHosts) -> None:
        self._states = states
        self._hosts = hosts

    def check_offered(self) -> None:
        """Raises PushNotificationNotSupportedError where the operator names no host."""
        if not self._hosts.any:
            raise PushNotificationNotSupportedError

    def check(self, config: TaskPushNotificationConfig) -> None:
        """Raises the same, and InvalidParamsError or InvalidInput for a webhook that cannot be
        called.
        """
        self.check_offered()
        if fault := self._hosts.fault_of(config.url):
            raise InvalidParamsError(f"url: {fault}")
        check_id(config.id, "id")
        check_id(config.tenant, "tenant")
        if config.token and not _HEADER_VALUE.fullmatch(config.token):
            raise InvalidParamsError(f"token: {_VALUE}")
        known = config.authentication
        if known.scheme and not _SCHEME.fullmatch(known.scheme):
            raise InvalidParamsError("authentication.scheme: the name of one, for example Bearer")
        if known.credentials and not _HEADER_VALUE.fullmatch(known.credentials):
            raise InvalidParamsError(f"authentication.credentials: {_VALUE}")

    async def check_room(self, task: TaskRuns, id_: str) -> None:
        """Raises InvalidParamsError where the task has no room for one of that id."""
        note, _ = await self._read(task.place.thread_id)
        _check_count({*note.get(task.place.run_id, {}), id_ or DEFAULT})

    async def add(
        self, task: TaskRuns, config: TaskPushNotificationConfig, *, is_former: bool
    ) -> TaskPushNotificationConfig:
        """Note one that was checked, in place of the one with its id; raises InvalidParamsError
        where there are too many.
        """
        made = TaskPushNotificationConfig()
        made.CopyFrom(config)
        made.task_id, made.id = task.id, config.id or DEFAULT

        def change(note: _Note) -> None:
            own = note.pop(task.place.run_id, {})
            own[made.id] = {"config": MessageToDict(made), "former": is_former}
            _check_count(own)
            note[task.place.run_id] = own  # as the last one
            while len(note) > TASKS or (len(note) > 1 and len(dumps(note)) > LARGEST):
                del note[next(iter(note))]

        await self._change(task.place.thread_id, change)
        return made

    async def get(self, task: TaskRuns, id_: str) -> TaskPushNotificationConfig:
        """The one of that id, or without one that which was given none; raises TaskNotFoundError,
        the protocol's only word for it.
        """
        for each in await self.of(task):
            if each.id == (id_ or DEFAULT):
                return each
        raise TaskNotFoundError("the task has no such webhook")

    async def of(self, task: TaskRuns) -> list[TaskPushNotificationConfig]:
        """All of the task."""
        note, _ = await self._read(task.place.thread_id)
        return [_webhook(each).config for each in note.get(task.place.run_id, {}).values()]

    async def to_call(self, thread_id: str) -> Mapping[str, Sequence[Webhook]]:
        """Those of the thread's tasks, by the run that each begins with, at hosts that are named
        today.
        """
        note, _ = await self._read(thread_id)
        found = {run: map(_webhook, own.values()) for run, own in note.items()}
        return {
            run: [each for each in own if self._hosts.fault_of(each.config.url) is None]
            for run, own in found.items()
        }

    async def remove(self, task: TaskRuns, id_: str) -> None:
        """Forget the one that `get` would give, if there is one."""

        def change(note: _Note) -> None:
            note.get(task.place.run_id, {}).pop(id_ or DEFAULT, None)

        await self._change(task.place.thread_id, change)

    async def _change(self, thread_id: str, change: Callable[[_Note], None]) -> None:
        while True:
            note, version = await self._read(thread_id)
            change(note)
            with suppress(Conflict):  # another request was faster: look at what it wrote
                await self._states().save(thread_id, WEBHOOKS, AgentState(note), version)
                return

    async def _read(self, thread_id: str) -> tuple[_Note, int]:
        saved = await self._states().load(thread_id, WEBHOOKS)
        if saved is None:
            return {}, 0
        return {run: dict(own) for run, own in saved.state.items()}, saved.version


_VALUE = "at most 4096 printable characters of ASCII"


def _check_count(ids: Collection[str]) -> None:
    if len(ids) > MOST:
        raise InvalidParamsError(f"the task has {MOST} webhooks: delete one first")


def _webhook(entry: JsonObject) -> Webhook:
    config = ParseDict(entry["config"], TaskPushNotificationConfig(), ignore_unknown_fields=True)
    return Webhook(config, entry["former"])
