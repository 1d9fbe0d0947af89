"""The one route of 0.3 over REST that the SDK has not: it deletes a webhook."""

from __future__ import annotations

from a2a.server.request_handlers.request_handler import RequestHandler
from a2a.types.a2a_pb2 import DeleteTaskPushNotificationConfigRequest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from agui_runtime.wires.a2a.call import CallContexts


def former_deletion(handler: RequestHandler, contexts: CallContexts) -> Route:
    async def delete(request: Request) -> Response:
        task, webhook = request.path_params["id"], request.path_params["push_id"]
        wanted = DeleteTaskPushNotificationConfigRequest(task_id=task, id=webhook)
        await handler.on_delete_task_push_notification_config(wanted, contexts.build(request))
        return JSONResponse({})

    path = "/v1/tasks/{id}/pushNotificationConfigs/{push_id}"
    return Route(path, delete, methods=["DELETE"])
