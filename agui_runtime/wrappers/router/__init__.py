"""One of several agents answers: which one is decided for each message, and named first."""

from agui_runtime.wrappers.router.router import Router, domains_of, routes, with_router

__all__ = ["Router", "domains_of", "routes", "with_router"]
