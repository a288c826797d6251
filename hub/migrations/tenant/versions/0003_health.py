"""When an edge last told its health, on the hub's clock and on its own."""

import sqlalchemy as sa
from alembic import op

from hub import columns

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("edges", sa.Column("reported_at", columns.Instant(), nullable=True))
    op.add_column("edges", sa.Column("reported_ms", columns.Whole(), nullable=True))
