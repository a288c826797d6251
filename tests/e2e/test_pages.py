"""The pages in a real browser: reception's day, the live page, the phone, both languages."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from core.entries import Verdict
from core.reasons import Reason
from tests.e2e.pages_rig import ServedHouse, served, utc_now
from tests.hub.bench import PASSWORD
from wire.topics import Up

pytestmark = pytest.mark.system

CHROMIUM = Path("/usr/bin/chromium")
PATIENCE_MS = 10_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        missing = f"{CHROMIUM} is missing: apt-get install chromium"
        assert not os.environ.get("CI"), missing
        pytest.skip(missing)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=str(CHROMIUM))
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedHouse]:
    with served(tmp_path_factory.mktemp("hub")) as made:
        made.connect()
        made.house.a_morning(utc_now() - timedelta(minutes=10))
        made.send()
        yield made


@pytest.fixture
def context(browser: Browser, house: ServedHouse) -> Iterator[BrowserContext]:
    made = browser.new_context(
        viewport={"width": 1280, "height": 860}, locale="sl-SI", base_url=house.url
    )
    made.set_default_timeout(PATIENCE_MS)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Logged in as the owner; what the browser's console complains of fails the test."""
    made = context.new_page()
    complaints: list[str] = []
    made.on("pageerror", lambda error: complaints.append(str(error)))
    made.on(
        "console",
        lambda told: complaints.append(told.text) if told.type in ("error", "warning") else None,
    )
    log_in(made)
    yield made
    assert complaints == []


def log_in(page: Page) -> None:
    page.goto("/login")
    page.get_by_label("Uporabniško ime").fill("owner")
    page.get_by_label("Geslo").fill(PASSWORD)
    page.get_by_role("button", name="Prijava").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("V živo")


def test_reception_adds_a_person_grants_a_pass_and_suspends_access(page: Page) -> None:
    page.get_by_role("link", name="Ljudje").click()
    page.get_by_role("link", name="Dodaj osebo").click()
    page.get_by_label("Ime in priimek").fill("Špela Žnidaršič")
    page.get_by_role("button", name="Dodaj osebo").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Špela Žnidaršič")
    page.get_by_label("Iz ponudbe").select_option(label="Deset obiskov")
    page.get_by_role("button", name="Podeli vstopnico").click()
    expect(page.get_by_text("Še 10 od 10")).to_be_visible()
    page.get_by_text("Vtipkaj številko kartice").click()
    page.get_by_label("Številka (UID)").fill("04 99 88 77 66 55 44")
    page.get_by_role("button", name="Dodaj kartico").click()
    expect(page.get_by_text("Kartica je dodana.")).to_be_visible()
    page.get_by_role("button", name="Ustavi vstop").click()
    question = page.get_by_role("dialog")
    expect(question).to_be_visible()
    question.get_by_label("Razlog").fill("Izgubljena kartica")
    question.get_by_role("button", name="Ustavi vstop").click()
    expect(page.get_by_text("Izgubljena kartica")).to_be_visible()
    expect(page.get_by_text("vstop ustavljen", exact=True)).to_be_visible()


def test_the_live_page_shows_a_tap_without_being_reloaded(page: Page, house: ServedHouse) -> None:
    expect(page.locator("[data-line]")).to_have_attribute("data-line", "open")
    first = page.locator(".feed tbody tr").first
    row = house.house.tapped("Andrej Kranjc", Verdict.DENY, Reason.LOCKDOWN)
    page.evaluate("window.still = 'here'")
    house.house.happened(row, utc_now())
    house.send()
    expect(first).to_contain_text("Andrej Kranjc")
    expect(first).to_contain_text("Zavrnjeno")
    expect(first).to_contain_text("Objekt je zaprt")
    expect(page.locator("[data-told]")).to_contain_text("Andrej Kranjc")
    assert page.evaluate("window.still") == "here"


def test_a_row_is_told_again_when_the_person_went_through(page: Page, house: ServedHouse) -> None:
    expect(page.locator("[data-line]")).to_have_attribute("data-line", "open")
    first = page.locator(".feed tbody tr").first
    entered = house.house.happened(house.house.tapped("Črtomir Đurić"), utc_now())
    house.send()
    expect(first).to_contain_text("Črtomir Đurić")
    before = page.locator(".feed tbody tr").count()
    house.house.happened(house.house.passed(entered, "Črtomir Đurić"), utc_now())
    house.send()
    expect(first).to_contain_text("prehod opravljen")
    assert page.locator(".feed tbody tr").count() == before


def test_what_an_edge_announces_ahead_of_its_backlog_is_shown_until_it_comes(
    page: Page, house: ServedHouse
) -> None:
    expect(page.locator("[data-line]")).to_have_attribute("data-line", "open")
    first = page.locator(".feed tbody tr").first
    house.house.happened(house.house.tapped("Žiga Koroščević-Šuštaršič"), utc_now())
    house.say(Up.PREVIEW, house.house.edge.preview(house.house.chain))
    expect(first).to_contain_text("Žiga")
    expect(first).to_contain_text("Še ni shranjeno")
    house.send()
    expect(first).not_to_contain_text("Še ni shranjeno")
    expect(first).to_contain_text("Žiga")


def test_a_cut_cable_shows_on_the_live_page_until_the_edge_is_back(
    page: Page, house: ServedHouse
) -> None:
    connections = page.locator("[data-part=edges]")
    expect(connections).to_contain_text("povezan")
    house.hang_up()
    expect(connections).to_contain_text("brez povezave od")
    house.connect()
    expect(connections).not_to_contain_text("brez povezave")


def test_the_live_page_says_when_the_line_is_gone_and_finds_it_again(
    context: BrowserContext,
) -> None:
    page = context.new_page()
    context.route("**/api/v1/live", lambda route: route.abort())
    log_in(page)
    expect(page.get_by_text("Povezujem …")).to_be_visible()
    expect(page.get_by_text("Povezano", exact=True)).to_be_hidden()
    context.unroute("**/api/v1/live")
    expect(page.get_by_text("Povezano", exact=True)).to_be_visible()
    expect(page.get_by_text("Povezujem …")).to_be_hidden()


def test_a_card_is_issued_by_tapping_and_the_page_follows(page: Page, house: ServedHouse) -> None:
    person = house.house.add_person("Neža Golob")
    page.goto(f"/people/{person}")
    page.get_by_label("Čitalnik").select_option(label="Vhod")
    page.get_by_role("button", name="Izdaj s prislonitvijo").click()
    expect(page.get_by_text("Prislonite novo kartico")).to_be_visible()
    house.house.happened(
        house.house.tapped(None, Verdict.DENY, Reason.UNKNOWN_CREDENTIAL), utc_now()
    )
    house.send()
    expect(page.get_by_role("heading", level=2)).to_have_text("Kartica je izdana")
    page.get_by_role("link", name="K osebi").click()
    expect(page.get_by_text("Kartica NFC, izdana")).to_be_visible()


def test_the_language_is_switched_for_the_account_and_back(page: Page) -> None:
    page.goto("/account")
    page.get_by_label("Jezik strani").select_option(label="English")
    page.get_by_role("button", name="Shrani jezik").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Account")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_label("Language of the pages").select_option(label="Slovenščina")
    page.get_by_role("button", name="Save the language").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Moj račun")


def test_everything_works_without_javascript(browser: Browser, house: ServedHouse) -> None:
    context = browser.new_context(java_script_enabled=False, locale="sl-SI", base_url=house.url)
    page = context.new_page()
    log_in(page)
    expect(page.locator(".feed tbody tr").first).to_be_visible()
    expect(page.locator("[data-line]")).to_be_hidden()
    page.goto("/people/new")
    page.get_by_label("Ime in priimek").fill("Brez Skripte")
    page.get_by_role("button", name="Dodaj osebo").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Brez Skripte")
    page.get_by_role("button", name="Ustavi vstop").click()
    question = page.get_by_role("dialog")
    question.get_by_label("Razlog").fill("Preizkus")
    question.get_by_role("button", name="Ustavi vstop").click()
    expect(page.get_by_text("vstop ustavljen", exact=True)).to_be_visible()
    context.close()


def places(house: ServedHouse) -> list[str]:
    person = house.house.people["Maja Novak"]
    return [
        "/",
        "/gates",
        "/people",
        "/people/new",
        f"/people/{person}",
        f"/people/{person}/edit",
        "/products",
        "/account",
        "/nowhere",
    ]


def test_no_page_scrolls_sideways_on_a_phone(
    browser: Browser, context: BrowserContext, house: ServedHouse
) -> None:
    del browser
    page = context.new_page()
    log_in(page)
    page.set_viewport_size({"width": 360, "height": 740})
    for place in places(house):
        page.goto(place)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360, f"{place}: {width}"
    page.goto("/gates")
    page.get_by_label("Ime krmilnika").fill("Garderobe")
    page.get_by_role("button", name="Ustvari kodo").click()
    expect(page.locator("output")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_everything_can_be_reached_and_seen_with_the_keyboard(page: Page) -> None:
    page.goto("/people")
    page.keyboard.press("Tab")
    focused = page.locator(":focus")
    expect(focused).to_have_text("Skoči na vsebino")
    expect(focused).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Dodaj osebo")
    outline = page.locator(":focus").evaluate("e => getComputedStyle(e).outlineWidth")
    assert outline == "3px"


CONTRAST = """
() => {
  const channel = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = rgba(getComputedStyle(each).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255, 255];
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    const a = light(rgba(getComputedStyle(element).color)), b = light(ground(element));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push(`${walker.currentNode.data.trim()}: ${ratio.toFixed(2)}`);
  }
  return poor;
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out_from_its_ground(
    browser: Browser, house: ServedHouse, scheme: str
) -> None:
    context = browser.new_context(
        color_scheme="dark" if scheme == "dark" else "light",
        locale="sl-SI",
        base_url=house.url,
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto("/login")
    assert page.evaluate(CONTRAST) == []
    log_in(page)
    for place in places(house):
        page.goto(place)
        assert page.evaluate(CONTRAST) == [], place
    context.close()


def test_nothing_jumps_while_the_live_page_loads_and_follows(
    page: Page, house: ServedHouse
) -> None:
    page.evaluate(
        """() => {
          window.shift = 0;
          new PerformanceObserver((seen) => {
            for (const each of seen.getEntries()) window.shift += each.value;
          }).observe({ type: "layout-shift", buffered: true });
        }"""
    )
    expect(page.locator("[data-line]")).to_have_attribute("data-line", "open")
    house.hang_up()
    expect(page.locator("[data-part=edges]")).to_contain_text("brez povezave od")
    house.connect()
    expect(page.locator("[data-part=edges]")).not_to_contain_text("brez povezave")
    assert page.evaluate("window.shift") < 0.1
