"""The saved states of agents: their schemas and migrations, and one face over all of them."""

from agui_runtime.stores.states.manager import StateStoreManager
from agui_runtime.stores.states.schema import StateSchema

__all__ = ["StateSchema", "StateStoreManager"]
