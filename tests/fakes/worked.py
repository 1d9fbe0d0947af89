"""An app for servers that start several processes of it; as a program, one of those."""

from __future__ import annotations

import sys

import uvicorn

from agui_runtime import CopilotRuntime, create_app
from tests.runtime.worlds import Scripted, text

app = create_app(CopilotRuntime({"default": Scripted(*text("m1", "hello"))}))

if __name__ == "__main__":
    uvicorn.run("tests.fakes.worked:app", port=int(sys.argv[1]), workers=2)
