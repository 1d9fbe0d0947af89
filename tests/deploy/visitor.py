"""A program that chats: prints the types of the events of a run as they come, and what is said.

It runs in the network of a container, where the tests are not.
"""

from __future__ import annotations

import sys

import httpx

from tests.wires.agui.serving import frames, run_body


def main(url: str, token: str, text: str) -> None:
    headers = {"authorization": f"Bearer {token}"}
    with httpx.stream("POST", url, json=run_body(text), headers=headers, timeout=60) as response:
        sys.stdout.write(f"{response.status_code}\n")
        sys.stdout.flush()
        seen = ""
        for line in response.iter_lines():
            seen += line + "\n"
            if not line:
                for _, event in frames(seen):
                    sys.stdout.write(f"{event['type']} {event.get('delta', '')}\n")
                    sys.stdout.flush()
                seen = ""


if __name__ == "__main__":
    main(*sys.argv[1:])
