"""SQL of a noun stays in its store: nothing above it speaks to the database."""

import re

import grimp

# The mechanism itself, the tables' common columns, and the migrations are below the nouns.
FOUNDATION = ("hub.database", "hub.columns", "hub.migrations", "hub.backup")
# A connection and the rows that a store returns pass through services; only their types are named.
HANDLES = {"Connection", "Row"}


def test_only_stores_speak_sql() -> None:
    graph = grimp.build_graph("hub", include_external_packages=True)
    strangers = []
    for module in sorted(graph.find_modules_that_directly_import("sqlalchemy")):
        if module.startswith(FOUNDATION) or "store" in module.split("."):
            continue
        for detail in graph.get_import_details(importer=module, imported="sqlalchemy"):
            _, _, names = detail["line_contents"].partition(" import ")
            if not set(re.findall(r"\w+", names)) <= HANDLES:
                strangers.append(f"{module}: {detail['line_contents'].strip()}")
    assert not strangers
