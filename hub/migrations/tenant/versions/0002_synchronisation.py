"""What edges must know, what they send, what follows from it, and cards issued by tapping."""

import sqlalchemy as sa
from alembic import op

from hub import columns

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "alarms",
        sa.Column("id", columns.Whole(), nullable=False),
        sa.Column("position", columns.Whole(), nullable=True),
        sa.Column("edge", sa.Text(), nullable=False),
        sa.Column("at", columns.Instant(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("alarm", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarms")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_alarms_at"), "alarms", ["at"], unique=False)
    op.create_index(op.f("ix_alarms_position"), "alarms", ["position"], unique=False)
    op.create_table(
        "batches",
        sa.Column("id", columns.Whole(), nullable=False),
        sa.Column("edge", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
        sqlite_strict=True,
    )
    op.create_table(
        "commands",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("edge", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("access_point", sa.Text(), nullable=True),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.Column("expires_at", columns.Instant(), nullable=False),
        sa.Column("signer", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("outcome_at", columns.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commands")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_commands_outcome_expires_at"), "commands", ["outcome", "expires_at"], unique=False
    )
    op.create_table(
        "edges",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=True),
        sa.Column("code_expires_at", columns.Instant(), nullable=True),
        sa.Column("enrolled_at", columns.Instant(), nullable=True),
        sa.Column("public_key", sa.Text(), nullable=True),
        sa.Column("mac_key", sa.Text(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("software", sa.Text(), nullable=True),
        sa.Column("boot_id", sa.Text(), nullable=True),
        sa.Column("session", columns.Whole(), nullable=False),
        sa.Column("online", columns.Flag(), nullable=False),
        sa.Column("online_changed_at", columns.Instant(), nullable=True),
        sa.Column("last_seen_at", columns.Instant(), nullable=True),
        sa.Column("cache_version", columns.Whole(), nullable=False),
        sa.Column("clock", sa.Text(), nullable=True),
        sa.Column("uncertainty_ms", columns.Whole(), nullable=True),
        sa.Column("spans", sa.Text(), nullable=False),
        sa.Column("counter_reserved", columns.Whole(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edges")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_edges_code_hash"), "edges", ["code_hash"], unique=True)
    op.create_index(op.f("ix_edges_site"), "edges", ["site"], unique=False)
    op.create_table(
        "effects",
        sa.Column("position", columns.Whole(), autoincrement=False, nullable=False),
        sa.Column("edge", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("seq", columns.Whole(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("at", columns.Instant(), nullable=False),
        sa.Column("raw_at", columns.Instant(), nullable=False),
        sa.Column("clock", sa.Text(), nullable=False),
        sa.Column("uncertainty_ms", columns.Whole(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("entitlement", sa.Text(), nullable=True),
        sa.Column("units", columns.Whole(), nullable=False),
        sa.Column("moves", columns.Flag(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=True),
        sa.Column("opens", columns.Flag(), nullable=False),
        sa.Column("settles_epoch", sa.Text(), nullable=True),
        sa.Column("settles_seq", columns.Whole(), nullable=True),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_effects")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_effects_edge_settles_epoch_settles_seq"),
        "effects",
        ["edge", "settles_epoch", "settles_seq"],
        unique=False,
    )
    op.create_index(
        op.f("ix_effects_entitlement_at"), "effects", ["entitlement", "at"], unique=False
    )
    op.create_index(op.f("ix_effects_holder_at"), "effects", ["holder", "at"], unique=False)
    op.create_table(
        "entries",
        sa.Column("position", columns.Whole(), nullable=False),
        sa.Column("edge", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("seq", columns.Whole(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("aside", sa.Text(), nullable=True),
        sa.Column("batch", columns.Whole(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_entries")),
        sa.UniqueConstraint("edge", "epoch", "seq", name=op.f("uq_entries_edge_epoch_seq")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_entries_batch"), "entries", ["batch"], unique=False)
    op.create_table(
        "epochs",
        sa.Column("edge", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("seq", columns.Whole(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=True),
        sa.Column("tie", sa.Text(), nullable=True),
        sa.Column("previous", sa.Text(), nullable=True),
        sa.Column("previous_seq", columns.Whole(), nullable=True),
        sa.Column("previous_hash", sa.Text(), nullable=True),
        sa.Column("anchor_ms", columns.Whole(), nullable=True),
        sa.PrimaryKeyConstraint("edge", "epoch", name=op.f("pk_epochs")),
        sqlite_strict=True,
    )
    op.create_table(
        "feed",
        sa.Column("id", columns.Whole(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed")),
        sqlite_strict=True,
    )
    op.create_table(
        "issuings",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("access_point", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("armed_at", columns.Instant(), nullable=False),
        sa.Column("expires_at", columns.Instant(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("credential", sa.Text(), nullable=True),
        sa.Column("ended_at", columns.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issuings")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_issuings_access_point_expires_at"),
        "issuings",
        ["access_point", "expires_at"],
        unique=False,
    )
    op.create_table(
        "lost_entries",
        sa.Column("edge", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("first", columns.Whole(), nullable=False),
        sa.Column("last", columns.Whole(), nullable=False),
        sa.Column("noted_at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("edge", "epoch", "first", name=op.f("pk_lost_entries")),
        sqlite_strict=True,
    )
    op.create_table(
        "passages",
        sa.Column("position", columns.Whole(), autoincrement=False, nullable=False),
        sa.Column("edge", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("seq", columns.Whole(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("at", columns.Instant(), nullable=False),
        sa.Column("raw_at", columns.Instant(), nullable=False),
        sa.Column("clock", sa.Text(), nullable=False),
        sa.Column("uncertainty_ms", columns.Whole(), nullable=False),
        sa.Column("door", sa.Text(), nullable=False),
        sa.Column("access_point", sa.Text(), nullable=True),
        sa.Column("movement", sa.Text(), nullable=False),
        sa.Column("grant_epoch", sa.Text(), nullable=True),
        sa.Column("grant_seq", columns.Whole(), nullable=True),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("entitlement", sa.Text(), nullable=True),
        sa.Column("units", columns.Whole(), nullable=False),
        sa.Column("zone_to", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_passages")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_passages_at"), "passages", ["at"], unique=False)
    op.create_table(
        "projections",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", columns.Whole(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_projections")),
        sqlite_strict=True,
    )
    op.create_table(
        "punches",
        sa.Column("position", columns.Whole(), autoincrement=False, nullable=False),
        sa.Column("edge", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("seq", columns.Whole(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("at", columns.Instant(), nullable=False),
        sa.Column("raw_at", columns.Instant(), nullable=False),
        sa.Column("clock", sa.Text(), nullable=False),
        sa.Column("uncertainty_ms", columns.Whole(), nullable=False),
        sa.Column("access_point", sa.Text(), nullable=False),
        sa.Column("credential", sa.Text(), nullable=False),
        sa.Column("credential_kind", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("cache_version", columns.Whole(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_punches")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_punches_at"), "punches", ["at"], unique=False)
    op.create_index(op.f("ix_punches_holder_at"), "punches", ["holder", "at"], unique=False)
    op.create_table(
        "quarantine",
        sa.Column("id", columns.Whole(), nullable=False),
        sa.Column("edge", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("seq", columns.Whole(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("batch", columns.Whole(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
        sa.UniqueConstraint(
            "edge", "epoch", "seq", "hash", name=op.f("uq_quarantine_edge_epoch_seq_hash")
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "row_changes",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("version", columns.Whole(), nullable=False),
        sa.Column("whole_at", columns.Whole(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("set_hash", sa.Text(), nullable=False),
        sa.Column("at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("site", "version", name=op.f("pk_row_changes")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_row_changes_site_at"), "row_changes", ["site", "at"], unique=False)
    op.create_index(
        op.f("ix_row_changes_site_holder_version"),
        "row_changes",
        ["site", "holder", "version"],
        unique=False,
    )
    op.create_index(
        op.f("ix_row_changes_site_kind_id_version"),
        "row_changes",
        ["site", "kind", "id", "version"],
        unique=False,
    )
    op.create_table(
        "row_figures",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "id", name=op.f("pk_row_figures")),
        sqlite_strict=True,
    )
    op.create_table(
        "row_included",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("edge", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("version", columns.Whole(), nullable=False),
        sa.Column("seq", columns.Whole(), nullable=False),
        sa.PrimaryKeyConstraint("site", "edge", "epoch", "version", name=op.f("pk_row_included")),
        sqlite_strict=True,
    )
    op.create_table(
        "row_standings",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("version", columns.Whole(), nullable=False),
        sa.Column("set_hash", sa.Text(), nullable=False),
        sa.Column("trimmed_version", columns.Whole(), nullable=False),
        sa.PrimaryKeyConstraint("site", name=op.f("pk_row_standings")),
        sqlite_strict=True,
    )
    op.create_table(
        "rows",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("site", "kind", "id", name=op.f("pk_rows")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_rows_kind_id"), "rows", ["kind", "id"], unique=False)
    op.create_table(
        "taps",
        sa.Column("position", columns.Whole(), autoincrement=False, nullable=False),
        sa.Column("edge", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("seq", columns.Whole(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("at", columns.Instant(), nullable=False),
        sa.Column("raw_at", columns.Instant(), nullable=False),
        sa.Column("clock", sa.Text(), nullable=False),
        sa.Column("uncertainty_ms", columns.Whole(), nullable=False),
        sa.Column("access_point", sa.Text(), nullable=False),
        sa.Column("credential", sa.Text(), nullable=False),
        sa.Column("credential_kind", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("entitlement", sa.Text(), nullable=True),
        sa.Column("units", columns.Whole(), nullable=False),
        sa.Column("zone_to", sa.Text(), nullable=True),
        sa.Column("retry_at", columns.Instant(), nullable=True),
        sa.Column("cache_version", columns.Whole(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("hub_verdict", sa.Text(), nullable=True),
        sa.Column("hub_reason", sa.Text(), nullable=True),
        sa.Column("hub_facts", sa.Text(), nullable=True),
        sa.Column("opinion", sa.Text(), nullable=True),
        sa.Column("judged_at", columns.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_taps")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_taps_at"), "taps", ["at"], unique=False)
    op.create_index(op.f("ix_taps_entitlement_at"), "taps", ["entitlement", "at"], unique=False)
    op.create_index(op.f("ix_taps_holder_at"), "taps", ["holder", "at"], unique=False)
