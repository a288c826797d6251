"""Which rows of sites stand for which holder."""

from sqlalchemy import Column, Connection, ForeignKey, PrimaryKeyConstraint, Text, select

from core.ids import HolderId, SiteId
from hub.columns import TENANT, table

holder_rows = table(
    TENANT,
    "holder_rows",
    Column("holder", Text, ForeignKey("people.id"), nullable=False),
    Column("site", Text, ForeignKey("sites.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("row", Text, nullable=False),
    PrimaryKeyConstraint("holder", "site", "kind", "row"),
)

Placed = tuple[SiteId, str, str]
"""A row's site, kind and id."""


def of_holder(connection: Connection, holder: HolderId) -> frozenset[Placed]:
    query = select(holder_rows).where(holder_rows.c.holder == holder)
    return frozenset((SiteId(row.site), row.kind, row.row) for row in connection.execute(query))


def holders_with(connection: Connection, kind: str) -> frozenset[HolderId]:
    """Those for whom rows of this kind stand at any site."""
    query = select(holder_rows.c.holder).where(holder_rows.c.kind == kind).distinct()
    return frozenset(HolderId(each) for each in connection.execute(query).scalars())


def add(connection: Connection, holder: HolderId, rows: frozenset[Placed]) -> None:
    values = [{"holder": holder, "site": s, "kind": k, "row": r} for s, k, r in sorted(rows)]
    if values:
        connection.execute(holder_rows.insert(), values)


def remove(connection: Connection, holder: HolderId, rows: frozenset[Placed]) -> None:
    columns = holder_rows.c
    for site, kind, row in sorted(rows):
        connection.execute(
            holder_rows.delete().where(
                columns.holder == holder,
                columns.site == site,
                columns.kind == kind,
                columns.row == row,
            )
        )
