"""One of several agents answers: which one is decided for each message, and named first."""

from agui_runtime.wrappers.router.router import Router, routes, with_router

__all__ = ["Router", "routes", "with_router"]
