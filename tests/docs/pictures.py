"""The screenshots of docs/images, taken of a running demo in a real browser; run to write them."""

import os
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from core.reasons import Language
from firmware_sim.world.installation import ENTRY, EXIT, LOGIN, TERMINAL
from firmware_sim.world.page_server import PageServer
from firmware_sim.world.running import Running, World, installed
from firmware_sim.world.simulator import application

IMAGES = Path(__file__).parents[2] / "docs" / "images"
CHROMIUM = "/usr/bin/chromium"
WIDE: ViewportSize = {"width": 1280, "height": 860}
PHONE: ViewportSize = {"width": 390, "height": 780}
VISIT_S_MAX = 20.0
PAGE_MS_MAX = 10_000
SEED = 7

VISITS = (
    (TERMINAL, "employee"),
    (ENTRY, "yearly"),
    (ENTRY, "expired"),
    (ENTRY, "ten-visits"),
    (ENTRY, "off-peak"),
    (ENTRY, "stranger"),
    (EXIT, "yearly"),
    (ENTRY, "blocked"),
)
"""What has happened when the pictures are taken."""


def main() -> None:
    """Write every picture."""
    IMAGES.mkdir(exist_ok=True)
    password = os.urandom(9).hex()
    with _running(password) as running, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        scene, stage = running.scene, running.stage
        with PageServer(lambda stop: application(stage, scene, stop)) as simulator:
            _play(running)
            _simulator(browser, simulator.address)
            _hub(browser, running.hub_plan.address, password)
        browser.close()


@contextmanager
def _running(password: str) -> Iterator[Running]:
    world = World(
        started=time.monotonic(),
        monotonic=time.monotonic,
        wall=lambda: datetime.now(UTC),
        chance=random.Random(SEED),  # noqa: S311 - invented people, no secret
        password=password,
        language=Language.SL,
        say=lambda line: print(line, file=sys.stderr),  # noqa: T201 - a person runs this
    )
    with installed(world, None) as running:
        yield running


def _play(running: Running) -> None:
    for where, part in VISITS:
        running.stage.tap(where, part).result(VISIT_S_MAX)


def _simulator(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport=WIDE, locale="sl-SI")
    page.goto(address)
    page.get_by_role("button", name="Vhod").first.click()
    page.get_by_text("Vstopite").first.wait_for(timeout=PAGE_MS_MAX)
    page.screenshot(path=IMAGES / "simulator.png")
    page.close()


def _hub(browser: Browser, address: str, password: str) -> None:
    page = browser.new_page(viewport=WIDE, locale="sl-SI")
    _log_in(page, address, password)
    page.get_by_text("Veljavnost je potekla").first.wait_for(timeout=PAGE_MS_MAX)
    page.screenshot(path=IMAGES / "live.png")
    for name in ("gates", "people"):
        page.goto(f"{address}{name}")
        page.screenshot(path=IMAGES / f"{name}.png")
    page.set_viewport_size(PHONE)
    page.goto(address)
    page.screenshot(path=IMAGES / "live-phone.png")
    page.close()


def _log_in(page: Page, address: str, password: str) -> None:
    page.goto(address)
    page.locator("input[name=login]").fill(LOGIN)
    page.locator("input[name=password]").fill(password)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="V živo").wait_for(timeout=PAGE_MS_MAX)


if __name__ == "__main__":
    main()
