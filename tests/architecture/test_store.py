"""SQL of a noun stays in its store: nothing above it speaks to the database."""

import grimp

# The mechanism itself, the tables' common columns, and the migrations are below the nouns.
FOUNDATION = ("hub.database", "hub.columns", "hub.migrations", "hub.backup")
# A connection passes through services and pages as an opaque handle; only its type is named.
HANDLE = "from sqlalchemy import Connection"


def test_only_stores_speak_sql() -> None:
    graph = grimp.build_graph("hub", include_external_packages=True)
    strangers = []
    for module in sorted(graph.find_modules_that_directly_import("sqlalchemy")):
        if module.startswith(FOUNDATION) or "store" in module.split("."):
            continue
        lines = {
            detail["line_contents"].strip()
            for detail in graph.get_import_details(importer=module, imported="sqlalchemy")
        }
        strangers += [f"{module}: {line}" for line in sorted(lines - {HANDLE})]
    assert not strangers
