"""The foundation: what the hub's first version keeps in a tenant database."""

import sqlalchemy as sa
from alembic import op

from hub import columns

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "about",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_about")),
        sqlite_strict=True,
    )
    op.create_table(
        "audit",
        sa.Column("seq", columns.Whole(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit")),
        sqlite_strict=True,
    )
    op.create_table(
        "audit_head",
        sa.Column("only", columns.Whole(), autoincrement=False, nullable=False),
        sa.Column("seq", columns.Whole(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("only", name=op.f("pk_audit_head")),
        sqlite_strict=True,
    )
    op.create_table(
        "roles",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account", "role", name=op.f("pk_roles")),
        sqlite_strict=True,
    )
