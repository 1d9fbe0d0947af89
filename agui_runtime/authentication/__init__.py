"""Ready-made schemes for `authenticate`: who is asking, by a token or by a proxy's word.

Each is a callable from a request to a `Caller`, or None. Why somebody is refused goes to the log of
the server (at `info`) and never to the client.
"""

from agui_runtime.authentication.json_web_tokens import JsonWebTokens, TokenRules
from agui_runtime.authentication.proxies import TrustedProxy
from agui_runtime.authentication.tokens import BearerTokens

__all__ = ["BearerTokens", "JsonWebTokens", "TokenRules", "TrustedProxy"]
