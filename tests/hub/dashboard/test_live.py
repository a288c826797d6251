"""The live page without a browser: rows, figures, narrowing, fragments."""

import json
from datetime import timedelta

import pytest

from core.entries import Commanded
from core.ids import CommandId
from core.reasons import Reason
from tests.hub.dashboard.conftest import Centre
from tests.hub.dashboard.reading import Element, Page, read


def rows(page: Page) -> list[Element]:
    return [row for body in page.root.every("tbody") for row in body.every("tr")]


@pytest.fixture
def lively(centre: Centre) -> Centre:
    centre.connect()
    centre.house.a_morning(centre.bench.clock())
    centre.send()
    return centre


def test_an_empty_house_says_so(centre: Centre) -> None:
    page = centre.browser().get("/")
    assert rows(page) == []
    assert "Še nič" in page.text


def test_the_newest_is_first_and_every_kind_is_told(lively: Centre) -> None:
    told = [row.text for row in rows(lively.browser().get("/"))]
    beginnings = [
        "07:07:00 Glavni vhod Alarm Čitalnik ne odgovarja",
        "07:06:00 Vhod Prehod Nasilni prehod",
        "07:05:00 Vhod Maja Novak Deset obiskov · Še 8 obiskov. Odprto Vstopite brez prehoda",
        "07:04:00 Vhod Črtomir Đurić Zavrnjeno Veljavnost je potekla",
        "07:03:00 Vhod Žiga Koroščević-Šuštaršič Zavrnjeno Zunaj časa vstopa Vrnite se jutri",
        "07:02:00 Vhod neznana kartica Zavrnjeno Neznana kartica Oglasite se na recepciji",
        "07:01:00 Vhod Maja Novak Deset obiskov · Še 9 obiskov. Odprto Vstopite prehod opravljen",
        "07:00:00 Terminal Andrej Kranjc Prihod Prihod zabeležen",
    ]
    assert len(told) == len(beginnings)
    for row, beginning in zip(told, beginnings, strict=True):
        assert row.startswith(beginning), row


def test_a_verdict_is_told_by_sign_word_and_colour(lively: Centre) -> None:
    for row in rows(lively.browser().get("/")):
        state = row.every("td", class_="verdict")[0].every("span")[0]
        assert state.text
        assert state.every("svg")
        assert state.attributes["class"].startswith("state state-")


def test_a_person_is_a_link_to_their_page(lively: Centre) -> None:
    page = lively.browser().get("/")
    maja = lively.house.people["Maja Novak"]
    assert page.root.every("a", href=f"/people/{maja}")[0].text == "Maja Novak"


def test_the_figures_count_people_inside_and_the_day(lively: Centre) -> None:
    figures = [each.text for each in lively.browser().get("/").root.every("dl")[0].every("div")]
    assert figures == [
        "Zdaj notri 1",
        "Odprto danes 2",
        "Zavrnjeno danes 3",
        "Povezani krmilniki 1 od 1",
    ]
    house = lively.house
    at = lively.bench.clock() + timedelta(minutes=9)
    left = house.happened(house.tapped("Maja Novak", reason=Reason.EXIT, out=True), at)
    house.happened(house.passed(left, "Maja Novak", out=True), at)
    lively.send()
    assert "Zdaj notri 0" in lively.browser().get("/").text


def test_who_passed_a_day_ago_is_inside_no_longer(lively: Centre) -> None:
    lively.bench.clock.turn(timedelta(hours=25))
    text = lively.browser().get("/").text
    assert "Zdaj notri 0" in text
    assert "Odprto danes 0" in text


def test_the_feed_can_be_narrowed(lively: Centre) -> None:
    browser = lively.browser()
    assert len(rows(browser.get("/?show=gates"))) == 6
    assert len(rows(browser.get("/?show=punches"))) == 1
    assert len(rows(browser.get("/?show=alarms"))) == 1
    assert len(rows(browser.get("/?show=anything"))) == 8
    chosen = browser.get("/?show=punches").root.every("a", aria_current="true")
    assert [each.text for each in chosen] == ["Delovni čas"]


def test_the_fragment_has_the_same_rows_as_the_page(lively: Centre) -> None:
    browser = lively.browser()
    whole, part = browser.get("/?show=gates"), browser.get("/live?show=gates")
    assert [row.attributes for row in rows(part)] == [row.attributes for row in rows(whole)]
    assert not part.root.every("html")


def test_a_second_opinion_that_differs_is_told_with_its_reason(centre: Centre) -> None:
    centre.connect()
    centre.bench.clock.turn(timedelta(minutes=1))
    house = centre.house
    house.happened(house.tapped("Maja Novak"), centre.bench.clock())
    centre.send()
    (row,) = rows(centre.browser().get("/"))
    told = row.one("span", class_="opinion").text
    assert told == "Vrata še niso vedela za spremembo (Tu nimate vstopa)", "she has no pass"


def test_a_gate_opened_by_staff_is_told_when_somebody_went_through(centre: Centre) -> None:
    centre.connect()
    house, at = centre.house, centre.bench.clock()
    opening = house.happened(
        Commanded(
            command=CommandId("c-1"),
            action="open",
            access_point=house.way_in,
            outcome="executed",
            detail="",
        ),
        at,
    )
    house.happened(house.passed(opening, None), at)
    centre.send()
    (row,) = rows(centre.browser().get("/"))
    assert "Vrata je odprlo osebje. Prehod opravljen" in row.text.replace("prehod", "Prehod")


def test_the_row_of_a_tap_changes_when_its_passage_is_known(centre: Centre) -> None:
    centre.connect()
    house, at = centre.house, centre.bench.clock()
    browser = centre.browser()
    entered = house.happened(house.tapped("Maja Novak"), at)
    centre.send()
    (before,) = rows(browser.get("/live"))
    house.happened(house.passed(entered, "Maja Novak"), at)
    centre.send()
    (after,) = rows(browser.get("/live"))
    assert before.attributes["id"] == after.attributes["id"]
    assert before.attributes["data-state"] != after.attributes["data-state"]
    assert "prehod opravljen" in after.text


def hinted(centre: Centre, *entries: object) -> list[Element]:
    """The rows of the fragment when the browser has heard of these entries."""
    browser = centre.browser()
    token = browser.get("/").root.one("div", class_="columns").attributes["data-token"]
    told = {"csrf_token": token, "hints": json.dumps(entries)}
    answer = browser.client.post("/live", data=told)
    assert answer.status_code == 200, answer.text
    return rows(read("/live", answer.text))


def test_an_announced_tap_is_shown_as_not_stored_until_it_is(centre: Centre) -> None:
    centre.connect()
    house, at = centre.house, centre.bench.clock()
    house.happened(house.tapped("Maja Novak"), at)
    entries = [json.loads(content) for content in house.chain.contents]
    (before,) = hinted(centre, *entries)
    assert "Maja Novak" in before.text
    assert "Še ni shranjeno" in before.text
    assert "data-hint" in before.attributes
    centre.send()
    (after,) = hinted(centre, *entries)
    assert after.attributes["id"] == before.attributes["id"]
    assert "data-hint" not in after.attributes
    assert "Še ni shranjeno" not in after.text


def test_an_announced_punch_is_shown(centre: Centre) -> None:
    house = centre.house
    house.happened(house.punched("Andrej Kranjc"), centre.bench.clock())
    (row,) = hinted(centre, *[json.loads(content) for content in house.chain.contents])
    assert "Andrej Kranjc Prihod" in row.text


@pytest.mark.parametrize(
    "entry", [None, 1, "text", [], {}, {"kind": "tap"}, {"kind": "tap", "body": 1.5}]
)
def test_what_is_no_entry_is_left_out(centre: Centre, entry: object) -> None:
    assert hinted(centre, entry) == []


def test_an_announced_entry_of_an_unknown_edge_is_left_out(centre: Centre) -> None:
    house = centre.house
    house.happened(house.tapped("Maja Novak"), centre.bench.clock())
    entry = json.loads(house.chain.contents[-1])
    assert hinted(centre, {**entry, "edge": "e-somewhere"}) == []


def test_a_broken_announcement_shows_the_record(lively: Centre) -> None:
    browser = lively.browser()
    token = browser.get("/account").form("/logout").hidden
    for text in ("", "{", "1", "{}", "[" * 5000):
        answer = browser.client.post("/live", data={**token, "hints": text})
        assert len(rows(read("/live", answer.text))) == 8, text[:10]
