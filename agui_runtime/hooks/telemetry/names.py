"""The names that spans and their attributes have: the only module that knows them.

The conventions for generative AI have a repository of their own since 0.1.0. Most backends still
read the names of the general conventions, 1.41, of which these were a part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agui_runtime.core.errors import Misconfigured

NEWEST = "0.1.0"


@dataclass(frozen=True, slots=True)
class Names:
    """One edition of the conventions. `agent_details`: an agent's span may say more of the agent
    than its name. `tokens_of_call` are histograms, each with what tells it apart from another one
    of its name, and `token_sums` counters, both by the fields of `Tokens`.
    """

    schema_url: str
    cache_write: str
    agent_details: bool
    duration: str
    first_chunk: str
    tokens_of_call: Mapping[str, tuple[str, Mapping[str, str]]]
    token_sums: Mapping[str, str]

    @property
    def usage(self) -> Mapping[str, str]:
        """The attributes of the counts of tokens, by AG-UI's names."""
        return {
            "inputTokens": "gen_ai.usage.input_tokens",
            "outputTokens": "gen_ai.usage.output_tokens",
            "cachedInputTokens": "gen_ai.usage.cache_read.input_tokens",
            "cacheWriteInputTokens": self.cache_write,
            "reasoningTokens": "gen_ai.usage.reasoning.output_tokens",
        }


EDITIONS: Mapping[str, Names] = {
    NEWEST: Names(
        schema_url="https://opentelemetry.io/schemas/gen-ai/0.1.0",
        cache_write="gen_ai.usage.cache_write.input_tokens",
        agent_details=False,
        duration="gen_ai.client.inference.duration",
        first_chunk="gen_ai.client.inference.time_to_first_chunk",
        tokens_of_call={
            "input": ("gen_ai.client.inference.operation.input_tokens", {}),
            "output": ("gen_ai.client.inference.operation.output_tokens", {}),
        },
        token_sums={
            "input": "gen_ai.client.inference.usage.input_tokens",
            "output": "gen_ai.client.inference.usage.output_tokens",
            "cached_input": "gen_ai.client.inference.usage.cache_read.input_tokens",
            "cache_write_input": "gen_ai.client.inference.usage.cache_write.input_tokens",
            "reasoning": "gen_ai.client.inference.usage.reasoning.output_tokens",
        },
    ),
    "1.41": Names(
        schema_url="https://opentelemetry.io/schemas/1.41.0",
        cache_write="gen_ai.usage.cache_creation.input_tokens",
        agent_details=True,
        duration="gen_ai.client.operation.duration",
        first_chunk="gen_ai.client.operation.time_to_first_chunk",
        tokens_of_call={
            "input": ("gen_ai.client.token.usage", {"gen_ai.token.type": "input"}),
            "output": ("gen_ai.client.token.usage", {"gen_ai.token.type": "output"}),
        },
        token_sums={},
    ),
}


def names_of(edition: str) -> Names:
    """Raises Misconfigured for an edition that is not here."""
    if edition not in EDITIONS:
        raise Misconfigured(f"the names of spans are those of {' or '.join(EDITIONS)}")
    return EDITIONS[edition]


PROVIDERS: Mapping[str, str] = {
    "openai-compatible": "openai",
    "azure": "azure.ai.openai",
    "azure_ai": "azure.ai.inference",
    "bedrock": "aws.bedrock",
    "gemini": "gcp.gemini",
    "mistral": "mistral_ai",
    "moonshot": "moonshot_ai",
    "vertex_ai": "gcp.vertex_ai",
    "watsonx": "ibm.watsonx.ai",
    "xai": "x_ai",
}
"""The conventions' names of providers, by ours, where they differ."""

OPERATION = "gen_ai.operation.name"
AGENT = "gen_ai.agent.name"
AGENT_ID = "gen_ai.agent.id"
CONVERSATION = "gen_ai.conversation.id"
PROVIDER = "gen_ai.provider.name"
REQUEST_MODEL = "gen_ai.request.model"
FINISH_REASONS = "gen_ai.response.finish_reasons"
FIRST_CHUNK = "gen_ai.response.time_to_first_chunk"
INPUT = "gen_ai.input.messages"
OUTPUT = "gen_ai.output.messages"
TOOL = "gen_ai.tool.name"
TOOL_TYPE = "gen_ai.tool.type"
CALL_ID = "gen_ai.tool.call.id"
ARGUMENTS = "gen_ai.tool.call.arguments"
RESULT = "gen_ai.tool.call.result"
RECORD = "gen_ai.memory.record.id"
RECORDS_COUNT = "gen_ai.memory.record.count"
QUERY = "gen_ai.memory.query.text"
RECORDS = "gen_ai.memory.records"
SERVER = "server.address"
PORT = "server.port"
ERROR = "error.type"
USER = "user.hash"
RUN_ID = "agui.run.id"
REQUEST_ID = "agui.request.id"
STATUS = "agui.run.status"
COST = "agui.cost.usd"
