"""What people are offered."""

import pytest

from hub.products import service
from tests.hub.dashboard.conftest import Centre


def test_products_are_listed_with_what_they_open_and_when(centre: Centre) -> None:
    text = centre.browser().get("/products").text
    assert "Deset obiskov Dvorana 180 dni 10 obiskov vedno" in text
    assert "Dopoldanska letna Dvorana 365 dni neomejeno pon.–pet. 06:00–14:00" in text


def test_a_product_is_added(centre: Centre) -> None:
    browser = centre.browser()
    page = browser.submit(
        browser.get("/products"),
        "/products",
        {
            "name": "Nočna savna",
            "zones": [centre.house.sauna, centre.house.hall],
            "valid_for_days": "30",
            "units": "1",
            "days": ["5", "6"],
            "start": "22:00",
            "end": "02:00",
        },
    )
    assert "Dodano v ponudbo." in page.text
    assert "30 dni 1 obisk pet., sob. 22:00–02:00" in page.text
    with centre.bench.database.read() as connection:
        made = next(
            each.template
            for each in service.everything(connection)
            if each.template.name == "Nočna savna"
        )
    (window,) = made.weekly.windows
    assert (window.days, window.start_minute, window.end_minute) == ((5, 6), 1320, 120)


def test_hours_alone_mean_every_day(centre: Centre) -> None:
    browser = centre.browser()
    typed = {"name": "Večer", "zones": [centre.house.hall], "start": "18:00"}
    page = browser.submit(browser.get("/products"), "/products", typed)
    assert "pon.–ned. 18:00–24:00" in page.text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("zones", []),
        ("valid_for_days", "0"),
        ("valid_for_days", "a month"),
        ("units", "-3"),
        ("start", "6"),
        ("end", "25:00"),
    ],
)
def test_what_cannot_be_offered_is_told_at_its_field(
    centre: Centre, field: str, value: object
) -> None:
    browser = centre.browser()
    typed = {"name": "Večer", "zones": [centre.house.hall], "units": "5", field: value}
    again = browser.submit(browser.get("/products"), "/products", typed, status=422)
    assert again.form("/products").problem(field)
    if field != "units":
        assert again.form("/products").value("units") == "5"
