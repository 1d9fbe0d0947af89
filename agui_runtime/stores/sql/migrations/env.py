"""What Alembic runs: the migrations over the connection that it is given."""

from __future__ import annotations

from alembic import context

from agui_runtime.stores.sql.migrations import VERSION_TABLE
from agui_runtime.stores.sql.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
