"""vratar-hub broker-config: what it writes lets in the hub and its edges, and nobody else."""

import argparse
from pathlib import Path

import pytest

from core.ids import SiteId
from hub.broker import mosquitto
from hub.broker.passwords import fits
from hub.edges import command, service
from hub.settings import BrokerKind, MqttSettings, SettingsError
from tests.hub.bench import Bench


def chosen(directory: Path) -> argparse.Namespace:
    return argparse.Namespace(directory=directory, store=None)


def with_external(bench: Bench, *, password: str = "of-hub", port: int = 1883) -> Bench:
    mqtt = MqttSettings(broker=BrokerKind.EXTERNAL, port=port, password=password)
    bench.hub.close()
    bench.settings = bench.settings.model_copy(update={"mqtt": mqtt})
    bench.hub = bench.build()
    return bench


def enrolled(bench: Bench) -> service.Keys:
    with bench.database.write() as connection:
        _, code = service.create(
            connection,
            site=SiteId("s-pool"),
            name="Vhod",
            at=bench.clock(),
            random_bytes=bench.random_bytes,
        )
        return service.enrol(
            connection,
            code=code,
            public_key="ab" * 32,
            software="1.0",
            at=bench.clock(),
            random_bytes=bench.random_bytes,
        )


def test_the_files_name_the_hub_and_every_enrolled_edge(bench: Bench, tmp_path: Path) -> None:
    with_external(bench)
    keys = enrolled(bench)
    assert command.run(bench.hub, chosen(tmp_path / "broker")) == 0
    lines = (tmp_path / "broker" / mosquitto.PASSWORD_FILE).read_text().splitlines()
    passwords = dict(line.split(":") for line in lines)
    assert set(passwords) == {"hub", keys.edge.id}
    assert fits("of-hub", passwords["hub"])
    assert fits(keys.password, passwords[keys.edge.id])


def test_a_second_run_writes_the_same_bytes(bench: Bench, tmp_path: Path) -> None:
    with_external(bench)
    enrolled(bench)
    texts = []
    for _ in range(2):
        command.run(bench.hub, chosen(tmp_path / "broker"))
        texts.append([path.read_bytes() for path in sorted((tmp_path / "broker").iterdir())])
    assert texts[0] == texts[1]
    assert len(texts[0]) == 3


def test_without_a_password_of_the_hub_nothing_is_written(bench: Bench, tmp_path: Path) -> None:
    with_external(bench, password="")
    with pytest.raises(SettingsError, match=r"mqtt\.password"):
        command.run(bench.hub, chosen(tmp_path / "broker"))
    assert not (tmp_path / "broker").exists()


def test_without_a_port_nothing_is_written(bench: Bench, tmp_path: Path) -> None:
    with_external(bench, port=0)
    with pytest.raises(SettingsError, match=r"mqtt\.port"):
        command.run(bench.hub, chosen(tmp_path / "broker"))
