"""`python -m agui_runtime`."""

import sys

from agui_runtime.commands.cli import main

sys.exit(main())
