"""Issuing a card by tapping it at a chosen reader."""

from datetime import timedelta

import pytest

from core.entries import Verdict
from core.reasons import Reason
from hub.issuing import service
from tests.hub.dashboard.conftest import Browser, Centre
from tests.hub.dashboard.reading import Page


def armed(centre: Centre, browser: Browser) -> Page:
    path = f"/people/{centre.house.people['Maja Novak']}"
    typed = {"access_point": centre.house.way_in}
    return browser.submit(browser.get(path), f"{path}/issuing", typed)


def lay_unknown_card(centre: Centre) -> None:
    """An entry as the projector hands it to issuing."""
    house, bench = centre.house, centre.bench
    house.happened(house.tapped(None, Verdict.DENY, Reason.UNKNOWN_CREDENTIAL), bench.clock())
    entry = house.chain.add(
        house.tapped(None, Verdict.DENY, Reason.UNKNOWN_CREDENTIAL), bench.clock()
    )
    with bench.database.write() as connection:
        service.on_entry(connection, entry, now=bench.clock(), random_bytes=bench.random_bytes)


def test_the_page_waits_for_the_card_and_then_shows_it_issued(centre: Centre) -> None:
    browser = centre.browser()
    page = armed(centre, browser)
    assert "Prislonite novo kartico na čitalnik »Vhod«" in page.text
    assert "Čakam še 60 sekund." in page.text
    centre.bench.clock.turn(timedelta(seconds=20))
    assert "Čakam še 40 sekund." in browser.get(f"{page.path}/now").text
    lay_unknown_card(centre)
    assert "Kartica je izdana" in browser.get(f"{page.path}/now").text
    person = browser.get(f"/people/{centre.house.people['Maja Novak']}")
    assert person.text.count("Kartica NFC, izdana") == 2


def test_after_a_minute_it_waits_no_longer(centre: Centre) -> None:
    browser = centre.browser()
    page = armed(centre, browser)
    centre.bench.clock.turn(timedelta(seconds=61))
    assert "Nihče ni prislonil nove kartice" in browser.get(page.path).text
    lay_unknown_card(centre)
    assert "Nihče ni prislonil nove kartice" in browser.get(page.path).text


def test_it_can_be_cancelled(centre: Centre) -> None:
    browser = centre.browser()
    page = armed(centre, browser)
    person = browser.submit(page, f"{page.path}/cancel")
    assert person.heading == "Maja Novak"
    assert "Izdaja je prekinjena" in browser.get(page.path).text


@pytest.mark.parametrize("reader", ["", "Not An Id"])
def test_a_reader_must_be_chosen(centre: Centre, reader: str) -> None:
    browser = centre.browser()
    path = f"/people/{centre.house.people['Maja Novak']}"
    again = browser.submit(
        browser.get(path), f"{path}/issuing", {"access_point": reader}, status=422
    )
    assert again.form(f"{path}/issuing").problem("access_point")


def test_a_reader_that_is_gone_is_refused(centre: Centre) -> None:
    browser = centre.browser()
    path = f"/people/{centre.house.people['Maja Novak']}"
    typed = {"access_point": "p-nowhere"}
    browser.submit(browser.get(path), f"{path}/issuing", typed, status=404)


def test_a_wait_that_does_not_exist_is_not_found(centre: Centre) -> None:
    centre.browser().get("/issuing/i-nothing", status=404)
