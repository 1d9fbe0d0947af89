"""Actions and MCP servers that are carried out apart from this machine: without network, without
its files, and with limits (bubblewrap).
"""

from agui_runtime.sandbox.actions import in_sandbox, run_python, run_shell, sandboxed
from agui_runtime.sandbox.box import Sandbox

__all__ = ["Sandbox", "in_sandbox", "run_python", "run_shell", "sandboxed"]
