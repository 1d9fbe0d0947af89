"""`python -m agui_runtime`."""

import sys

from agui_runtime.cli import main

sys.exit(main())
