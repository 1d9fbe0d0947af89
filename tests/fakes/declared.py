"""A module that reads a file of variables, as many do; here they are written down."""

from __future__ import annotations

import os

from fastapi import FastAPI

from agui_runtime import CopilotRuntime
from tests.runtime.worlds import Scripted, text

__all__ = ["other", "runtime"]

os.environ |= {"AGUI_PATH": "/declared", "AGUI_ALLOWED_HOSTS": "127.0.0.1"}

other = FastAPI()
runtime = CopilotRuntime({"default": Scripted(*text("m1", "declared"))})
