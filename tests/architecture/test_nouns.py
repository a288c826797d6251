"""Inside the hub: a noun is api > service > store, and nobody reaches past another's service."""

import grimp
import pytest

from hub.nouns import NOUNS

SHELL = {"api", "background", "pages", "serving"}
"""What speaks to the outside; nobody below may need it."""

FOUNDATION = {"broker", "migrations", "texts"}
"""Folders of the hub that are no nouns."""


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("hub")


def _noun(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in NOUNS else None


def _is_store(module: str) -> bool:
    return "store" in module.split(".")[2:]


def test_no_noun_reaches_into_anothers_tables(graph: grimp.ImportGraph) -> None:
    reaching = [
        f"{module} -> {imported}"
        for module in sorted(graph.modules)
        for imported in sorted(graph.find_modules_directly_imported_by(module))
        if _is_store(imported)
        and _noun(module) != _noun(imported)
        and not _is_type(imported, graph, module)
    ]
    assert not reaching


def test_stores_know_nothing_above_them(graph: grimp.ImportGraph) -> None:
    upward = [
        f"{module} -> {imported}"
        for module in sorted(graph.modules)
        if _is_store(module)
        for imported in sorted(graph.find_modules_directly_imported_by(module))
        if imported.split(".")[-1] in SHELL | {"service"}
    ]
    assert not upward


def test_services_know_nothing_of_the_outside(graph: grimp.ImportGraph) -> None:
    upward = [
        f"{module} -> {imported}"
        for module in sorted(graph.modules)
        if module.split(".")[-1] == "service"
        for imported in sorted(graph.find_modules_directly_imported_by(module))
        if _noun(imported) and imported.split(".")[-1] in SHELL
    ]
    assert not upward


def test_every_folder_of_the_hub_has_its_place(graph: grimp.ImportGraph) -> None:
    folders = {
        module.split(".")[1]
        for module in graph.modules
        if len(module.split(".")) > 1 and graph.find_children(".".join(module.split(".")[:2]))
    }
    assert folders == {*NOUNS, *FOUNDATION}


def _is_type(imported: str, graph: grimp.ImportGraph, importer: str) -> bool:
    """True if only classes are imported: the rows that a service hands out are its words."""
    details = graph.get_import_details(importer=importer, imported=imported)
    names = [
        name.strip()
        for detail in details
        for name in detail["line_contents"].partition(" import ")[2].split(",")
    ]
    return all(name[:1].isupper() for name in names if name)
