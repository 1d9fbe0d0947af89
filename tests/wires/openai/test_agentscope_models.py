"""AgentScope's own models of OpenAI's protocols, unmodified, as clients of this server.

A program does it, because these models leave connections open that only the end of a process
closes.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.wires.openai.programs import told_by
from tests.wires.openai.story import MADE_OF_IT

CLIENT = Path(__file__).parent / "agentscope_client.py"


async def test_agentscope_s_models_read_answers_use_tools_and_notice_failures() -> None:
    """With the snippet of the documentation first, because to import it takes seconds."""
    found = await told_by(sys.executable, CLIENT, "agentscope")
    assert found == dict.fromkeys(("OpenAIChatModel", "OpenAIResponseModel"), MADE_OF_IT)
