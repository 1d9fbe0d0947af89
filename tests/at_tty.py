"""`agui-runtime` with its standard input as the terminal that Ctrl-C comes from."""

from __future__ import annotations

import fcntl
import sys
import termios

from agui_runtime.commands.cli import main

if __name__ == "__main__":
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    sys.exit(main())
