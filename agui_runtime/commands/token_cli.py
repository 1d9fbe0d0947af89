"""`agui-runtime token`: makes a bearer token for an owner, and the line that a file holds of it."""

from __future__ import annotations

import argparse
import sys

from agui_runtime.authentication.tokens import hashed, new_token
from agui_runtime.commands.task_table import Commands


def add_token_command(commands: Commands) -> None:
    about = "make a token, and its line for AGUI_TOKENS_FILE"
    token = commands.add_parser("token", help=about, description=about)
    token.add_argument("owner", help="to whom the threads of whoever brings the token belong")
    token.set_defaults(command=_token)


def _token(options: argparse.Namespace) -> None:
    token = new_token()
    sys.stdout.write(f"token for the client  {token}\n")
    sys.stdout.write(f"line for the file     {options.owner}:{hashed(token)}\n")
