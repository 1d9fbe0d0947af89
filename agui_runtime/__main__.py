"""`python -m agui_runtime`."""

import sys

from agui_runtime.commands.cli import main

if __name__ == "__main__":  # processes that a library spawns import it, too
    sys.exit(main())
