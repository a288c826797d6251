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
        "products",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("weekly", sa.Text(), nullable=False),
        sa.Column("units", columns.Whole(), nullable=True),
        sa.Column("valid_for_days", columns.Whole(), nullable=True),
        sa.Column("staleness_bound", columns.Span(), nullable=True),
        sa.Column("offered", columns.Flag(), nullable=False),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
        sqlite_strict=True,
    )
    op.create_table(
        "roles",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account", "role", name=op.f("pk_roles")),
        sqlite_strict=True,
    )
    op.create_table(
        "sites",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("credential_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sites")),
        sqlite_strict=True,
    )
    op.create_table(
        "holidays",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["site"], ["sites.id"], name=op.f("fk_holidays_site")),
        sa.PrimaryKeyConstraint("site", "day", name=op.f("pk_holidays")),
        sqlite_strict=True,
    )
    op.create_table(
        "people",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_order", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("employee", columns.Flag(), nullable=False),
        sa.Column("site", sa.Text(), nullable=True),
        sa.Column("blocked_at", columns.Instant(), nullable=True),
        sa.Column("blocked_reason", sa.Text(), nullable=True),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["site"], ["sites.id"], name=op.f("fk_people_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_people_name_order_id"), "people", ["name_order", "id"], unique=False)
    op.create_table(
        "zones",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["site"], ["sites.id"], name=op.f("fk_zones_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_zones")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_zones_site"), "zones", ["site"], unique=False)
    op.create_table(
        "access_points",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("edge", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("door", sa.Text(), nullable=True),
        sa.Column("zone_from", sa.Text(), nullable=True),
        sa.Column("zone_to", sa.Text(), nullable=True),
        sa.Column("anti_passback", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["site"], ["sites.id"], name=op.f("fk_access_points_site")),
        sa.ForeignKeyConstraint(
            ["zone_from"], ["zones.id"], name=op.f("fk_access_points_zone_from")
        ),
        sa.ForeignKeyConstraint(["zone_to"], ["zones.id"], name=op.f("fk_access_points_zone_to")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_points")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_access_points_edge"), "access_points", ["edge"], unique=False)
    op.create_index(op.f("ix_access_points_site"), "access_points", ["site"], unique=False)
    op.create_table(
        "credentials",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("blocked_at", columns.Instant(), nullable=True),
        sa.Column("issued_at", columns.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["holder"], ["people.id"], name=op.f("fk_credentials_holder")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credentials")),
        sa.UniqueConstraint("key", name=op.f("uq_credentials_key")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_credentials_holder"), "credentials", ["holder"], unique=False)
    op.create_table(
        "entitlements",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("weekly", sa.Text(), nullable=False),
        sa.Column("valid_from", columns.Instant(), nullable=True),
        sa.Column("valid_until", columns.Instant(), nullable=True),
        sa.Column("units", columns.Whole(), nullable=True),
        sa.Column("staleness_bound", columns.Span(), nullable=True),
        sa.Column("ended_at", columns.Instant(), nullable=True),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["holder"], ["people.id"], name=op.f("fk_entitlements_holder")),
        sa.ForeignKeyConstraint(["product"], ["products.id"], name=op.f("fk_entitlements_product")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entitlements")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_entitlements_holder"), "entitlements", ["holder"], unique=False)
    op.create_table(
        "holder_rows",
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("row", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["holder"], ["people.id"], name=op.f("fk_holder_rows_holder")),
        sa.ForeignKeyConstraint(["site"], ["sites.id"], name=op.f("fk_holder_rows_site")),
        sa.PrimaryKeyConstraint("holder", "site", "kind", "row", name=op.f("pk_holder_rows")),
        sqlite_strict=True,
    )
    op.create_table(
        "people_names",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("start", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_people_names_person")),
        sa.PrimaryKeyConstraint("person", "start", name=op.f("pk_people_names")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_people_names_start_person"), "people_names", ["start", "person"], unique=False
    )
    op.create_table(
        "product_zones",
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product"], ["products.id"], name=op.f("fk_product_zones_product")
        ),
        sa.ForeignKeyConstraint(["zone"], ["zones.id"], name=op.f("fk_product_zones_zone")),
        sa.PrimaryKeyConstraint("product", "zone", name=op.f("pk_product_zones")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_product_zones_zone"), "product_zones", ["zone"], unique=False)
    op.create_table(
        "entitlement_references",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("entitlement", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entitlement"], ["entitlements.id"], name=op.f("fk_entitlement_references_entitlement")
        ),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_entitlement_references")),
        sqlite_strict=True,
    )
    op.create_table(
        "entitlement_zones",
        sa.Column("entitlement", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entitlement"], ["entitlements.id"], name=op.f("fk_entitlement_zones_entitlement")
        ),
        sa.ForeignKeyConstraint(["zone"], ["zones.id"], name=op.f("fk_entitlement_zones_zone")),
        sa.PrimaryKeyConstraint("entitlement", "zone", name=op.f("pk_entitlement_zones")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_entitlement_zones_zone"), "entitlement_zones", ["zone"], unique=False)
