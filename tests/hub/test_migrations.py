"""The migrations make exactly the tables that the stores describe."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.dialects import postgresql
from sqlalchemy.pool import StaticPool
from sqlalchemy.schema import CreateIndex, CreateTable

from hub.columns import PLATFORM, TENANT
from hub.migrations.schema import Schema, migrate
from hub.nouns import load_tables

load_tables()
TABLES = {Schema.PLATFORM: PLATFORM, Schema.TENANT: TENANT}


@pytest.mark.parametrize("schema", list(Schema))
def test_from_empty_to_what_the_stores_describe(schema: Schema) -> None:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    migrate(engine, schema, "memory")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, TABLES[schema]) == []
    engine.dispose()


@pytest.mark.parametrize("schema", list(Schema))
def test_the_tables_can_be_made_on_postgresql_too(schema: Schema) -> None:
    """Only the words are checked: no PostgreSQL is at hand."""
    for table in TABLES[schema].sorted_tables:
        text = str(CreateTable(table).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call] # SQLAlchemy's own
        assert "STRICT" not in text
        for index in table.indexes:
            assert str(CreateIndex(index).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call] # SQLAlchemy's own
