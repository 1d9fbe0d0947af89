"""A real MCP server, to be run as a process: `python mcp_server.py stdio`, or `http` or `sse` with
a port, 0 for any; it prints the port when it can be reached. More names are its only tools. Some of
them have a page, `mcp_page.html`.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from pathlib import Path
from typing import Annotated, Any

import uvicorn
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import TextContent
from pydantic import Field

server = MCPServer("fake", log_level="ERROR")


@server.tool(description="MCP echo")
def mcp_echo(text: Annotated[str, Field(description="text")]) -> TextContent:
    return TextContent(type="text", text=json.dumps({"echoed": text}, separators=(",", ":")))


@server.tool()
def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


@server.tool()
def fail() -> str:
    """Always fails."""
    raise ToolError("out of order")


@server.tool()
def process() -> str:
    """Tells the number of the server's process."""
    return str(os.getpid())


@server.tool()
def die() -> str:
    """Ends the process."""
    os._exit(1)


@server.tool()
async def hang() -> str:
    """Never answers."""
    await asyncio.Event().wait()
    return ""


@server.tool()
async def learn(context: Context[Any, Any]) -> str:
    """Adds a tool."""
    server.add_tool(lambda: "new", name="learned", description="New")
    await context.session.send_tool_list_changed()
    return "done"


PAGE = "ui://shop/cart.html"


@server.tool(meta={"ui": {"resourceUri": PAGE}})
def show_cart(item: str) -> dict[str, Any]:
    """Shows the cart."""
    if item == "nothing":
        raise ToolError("sold out")
    return {"items": [2**80 if item == "everything" else item], "note": None}


@server.tool(meta={"ui": {"resourceUri": PAGE, "visibility": ["app"]}})
def checkout(items: int) -> str:
    """Pays."""
    return f"paid for {items}"


@server.tool(meta={"ui/resourceUri": PAGE, "ui": {"visibility": ["model"]}})
def show_offers(size: int = 1) -> str:
    """Shows offers, each a letter."""
    return "x" * size


@server.tool(meta={"ui": {"visibility": ["app"]}})
def host(context: Context[Any, Any]) -> str:
    """Tells what pages the client can show."""
    about = context.client_capabilities
    return json.dumps(about.model_dump(include={"extensions"}) if about else None)


@server.resource(PAGE, mime_type="text/html;profile=mcp-app", meta={"ui": {"prefersBorder": True}})
def cart() -> str:
    """What a browser shows of the cart."""
    return Path(__file__).with_name("mcp_page.html").read_text()


@server.resource("file:///etc/prices")
def prices() -> str:
    """Not for browsers."""
    return "secret"


TOOLS = (
    "mcp_echo",
    "add",
    "fail",
    "process",
    "die",
    "hang",
    "learn",
    "show_cart",
    "checkout",
    "show_offers",
    "host",
)


def main(transport: str, port: str = "0", *only: str) -> None:
    for name in TOOLS if only else ():
        if name not in only:
            server.remove_tool(name)
    if transport == "stdio":
        server.run("stdio")
        return
    app = server.sse_app() if transport == "sse" else server.streamable_http_app()
    listener = socket.create_server(("127.0.0.1", int(port)))
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listener])


if __name__ == "__main__":
    main(*sys.argv[1:])
