"""Gates, edges and their health; opening a gate; enrolling an edge."""

import re
from datetime import timedelta

from core.entries import Alarmed
from hub.audit import service as audit
from hub.edges import service as edges
from hub.roles import Role
from hub.rows import service as rows
from tests.hub.dashboard.conftest import Centre
from wire.topics import Up


def test_an_edge_shows_its_health(centre: Centre) -> None:
    browser = centre.browser()
    before = browser.get("/gates").text
    assert "še ni bil povezan" in before
    centre.connect()
    text = browser.get("/gates").text
    assert "povezan" in text
    assert "točna" in text
    assert "± 5 ms" in text
    assert re.search(r"zaostaja za \d+ sprememb", text), "its rows are of version 0"


def test_what_an_edge_told_last_is_shown_with_its_time(centre: Centre) -> None:
    centre.connect()
    browser = centre.browser()
    centre.bench.clock.turn(timedelta(seconds=2))
    with centre.bench.database.read() as connection:
        version = rows.standing(connection, centre.house.edge.site).version
    centre.hear(Up.STATE, centre.house.edge.health(version, "drifting", sent_ms=2_000))
    text = browser.get("/gates").text
    assert "usklajene" in text
    assert browser.get("/api/v1/edges").source.count("reported_at") == 1
    assert "07:00:02" in text


def test_an_edge_whose_cable_is_cut_is_offline_since(centre: Centre) -> None:
    centre.connect()
    centre.bench.clock.turn(timedelta(minutes=5))
    centre.hear(Up.STATE, centre.house.edge.state(online=False))
    browser = centre.browser()
    assert "brez povezave od 07:05" in browser.get("/gates").text
    assert "brez povezave od 07:05" in browser.get("/").text


def test_parts_that_do_not_answer_are_named(centre: Centre) -> None:
    centre.connect()
    centre.house.a_morning(centre.bench.clock())
    centre.send()
    browser = centre.browser()
    assert "Ne odgovarja čitalnik" in browser.get("/gates").root.one("article").text
    found = Alarmed(part="čitalnik", alarm="found", detail="pn532")
    centre.house.happened(found, centre.bench.clock() + timedelta(minutes=9))
    centre.send()
    assert "Ne odgovarja" not in browser.get("/gates").root.one("article").text


def test_a_gate_of_a_connected_edge_is_opened_and_it_is_recorded(centre: Centre) -> None:
    centre.connect()
    browser = centre.browser(Role.RECEPTION)
    page = browser.get("/gates")
    opened = browser.submit(page, f"/gates/{centre.house.way_in}/open")
    assert opened.path == "/gates"
    assert opened.root.every("div", role="status")
    with centre.bench.database.read() as connection:
        actions = [entry.action for entry in audit.newest(connection, before=None, limit=5)]
    assert "command.open" in actions


def test_a_gate_whose_edge_is_gone_cannot_be_opened(centre: Centre) -> None:
    browser = centre.browser()
    page = browser.get("/gates")
    assert "ukaza ne bo prejel" in page.text
    refused = browser.submit(page, f"/gates/{centre.house.way_in}/open", status=409)
    assert "Vhod" in refused.text


def test_opening_is_asked_before_it_is_done(centre: Centre) -> None:
    page = centre.browser().get("/gates")
    button = next(
        each
        for each in page.root.every("button")
        if each.attributes.get("popovertarget") == f"open-{centre.house.way_in}"
    )
    assert button.attributes["type"] == "button"
    dialog = page.root.one("div", id=f"open-{centre.house.way_in}")
    assert dialog.every("form", action=f"/gates/{centre.house.way_in}/open")


def test_a_terminal_cannot_be_opened(centre: Centre) -> None:
    assert not centre.browser().get("/gates").has_form(f"/gates/{centre.house.terminal}/open")


def test_the_enrolment_code_is_shown_once_with_the_command_to_type(centre: Centre) -> None:
    browser = centre.browser()
    page = browser.get("/gates")
    typed = {"name": "Garderobe", "site": centre.house.site}
    shown = browser.submit(page, "/edges", typed)
    code = shown.root.one("output").text
    assert re.fullmatch(r"([A-Z2-9]{4}-){3}[A-Z2-9]{4}", code)
    command = shown.root.every("code")[0].text
    assert command == f"vratar-edge enrol --hub http://testserver --code {code}"
    assert code not in browser.get("/gates").source
    with centre.bench.database.write() as connection:
        keys = edges.enrol(
            connection,
            code=code,
            public_key="a" * 64,
            software="1.0",
            at=centre.bench.clock(),
            random_bytes=centre.bench.random_bytes,
        )
    assert keys.edge.name == "Garderobe"


def test_an_enrolled_edge_gets_a_new_code_with_the_word_that_replaces(centre: Centre) -> None:
    browser = centre.browser()
    action = f"/edges/{centre.house.edge.id}/code"
    shown = browser.submit(browser.get("/gates"), action)
    assert shown.root.every("code")[0].text.endswith(" --replace")


def test_an_edge_without_a_name_is_told_at_the_field(centre: Centre) -> None:
    browser = centre.browser()
    typed = {"name": " ", "site": centre.house.site}
    again = browser.submit(browser.get("/gates"), "/edges", typed, status=422)
    assert again.form("/edges").problem("name")
    browser.submit(again, "/edges", {"name": "Vrt", "site": "s-nowhere"}, status=404)
