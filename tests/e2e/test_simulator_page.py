"""The simulator page in a real browser: by mouse, by keyboard, in both languages."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from firmware_sim.world.installation import ENTRY
from firmware_sim.world.page_server import PageServer
from firmware_sim.world.running import Running
from firmware_sim.world.simulator import application

CHROMIUM = Path("/usr/bin/chromium")
SEEN_MS_MAX = 15_000

pytestmark = pytest.mark.system


@pytest.fixture
def page(running: Running) -> Iterator[Page]:
    """The page as a newcomer opens it; it must not complain about anything."""
    if not CHROMIUM.exists():
        missing = f"{CHROMIUM} is missing: apt-get install chromium"
        assert not os.environ.get("CI"), missing
        pytest.skip(missing)
    complaints: list[str] = []
    scene, stage = running.scene, running.stage
    with (
        PageServer(lambda stop: application(stage, scene, stop)) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(SEEN_MS_MAX)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text))
        page.goto(server.address)
        page.locator(".gate").first.wait_for()
        yield page
        browser.close()
    assert complaints == []


def button(part: str, access_point: str) -> str:
    return f'[data-tap="{part} {access_point}"]'


def test_a_click_sends_somebody_through_the_gate(page: Page) -> None:
    entry = page.locator(".gate").first
    expect(entry.locator(".through")).to_have_text("skozi: 0")
    page.click(button("yearly", ENTRY))
    page.locator(".gate.walking").first.wait_for()
    expect(entry.locator(".display strong")).to_have_text("Vstopite", timeout=SEEN_MS_MAX)
    expect(entry.locator(".through")).to_have_text("skozi: 1", timeout=SEEN_MS_MAX)


def test_a_refusal_is_read_on_the_display(page: Page) -> None:
    display = page.locator(".gate").first.locator(".display")
    page.click(button("expired", ENTRY))
    expect(display.locator("strong")).to_have_text("Veljavnost je potekla", timeout=SEEN_MS_MAX)
    expect(display).to_have_class("display deny")


def test_everything_can_be_done_by_keyboard(page: Page, running: Running) -> None:
    before = len(running.stage.crowd.record.laid)
    page.locator(button("employee", "staff-terminal")).focus()
    page.keyboard.press("Enter")
    terminal = page.locator(".terminal .display strong")
    expect(terminal).to_have_text("Prihod zabeležen", timeout=SEEN_MS_MAX)
    assert len(running.stage.crowd.record.laid) == before + 1
    power = page.locator(".edge").last.locator(".power")
    power.focus()
    page.keyboard.press("Space")
    expect(power).to_have_attribute("aria-checked", "false", timeout=SEEN_MS_MAX)
    expect(terminal).to_have_text("Zaslon je temen", timeout=SEEN_MS_MAX)
    page.keyboard.press("Space")
    expect(terminal).to_have_text("Prislonite kartico", timeout=SEEN_MS_MAX)


def test_the_page_speaks_english_too_and_remembers_it(page: Page) -> None:
    page.locator("#language").click()
    expect(page.locator(".gate h3").first).to_have_text("Entry")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.reload()
    expect(page.locator(".gate h3").first).to_have_text("Entry", timeout=SEEN_MS_MAX)


def test_no_text_is_left_empty_and_nothing_leaves_a_narrow_screen(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0
    for element in page.locator("button, h1, h2, h3, label").all():
        assert element.inner_text().strip()
