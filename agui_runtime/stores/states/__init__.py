"""The saved states of agents: their schemas and migrations, and one face over all of them."""

from agui_runtime.stores.layers.state_schema import StateSchema
from agui_runtime.stores.states.manager import StateStoreManager

__all__ = ["StateSchema", "StateStoreManager"]
