"""The agent process: drivers on threads; one that fails ends the process, which starts anew."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from core.ids import AccessPointId
from edge_agent import agent_process
from edge_agent.agent_process import Hardware, Surroundings
from edge_agent.hints import Hint, HintReceiver, HintSender
from edge_agent.ports import Inbox, Presented
from edge_agent.settings import parse
from tests.edge_agent.agent_bench import ANA_CARD, Clock, FakeDoor
from tests.edge_agent.journal_bench import DOOR, Chance
from tests.edge_agent.test_identity import identity

GATE = AccessPointId("entry")
SETTINGS = 'environment = "test"\ndirectory = "."\nhardware.profile = "x"\n'


@dataclass
class ScriptedReader:
    """A reader whose thread does what the test says."""

    script: Callable[[Inbox, threading.Event], None] = field(default=lambda _, stop: stop.wait())

    def run(self, inbox: Inbox, stop: threading.Event) -> None:
        self.script(inbox, stop)


def _surroundings(directory: Path, reader: ScriptedReader) -> Surroundings:
    return Surroundings(
        settings=parse(SETTINGS, {}, base=directory),
        identity=identity(),
        hardware=Hardware(doors={DOOR: FakeDoor()}, readers={GATE: reader}, gateways={GATE: DOOR}),
        now=Clock(),
        random_bytes=Chance(),
        software="test",
    )


def test_a_driver_that_fails_ends_the_process_with_its_failure(tmp_path: Path) -> None:
    def fail(_: Inbox, __: threading.Event) -> None:
        raise RuntimeError("the driver's own defect")

    stop = threading.Event()
    with pytest.raises(RuntimeError, match="own defect"):
        agent_process.run(_surroundings(tmp_path, ScriptedReader(fail)), stop)
    assert stop.is_set()


def test_what_a_reader_presents_is_shown_to_people(tmp_path: Path) -> None:
    stop, shown = threading.Event(), threading.Event()
    heard: list[Hint] = []

    def hear(hint: Hint) -> None:
        heard.append(hint)
        if "shown" in hint:
            shown.set()

    def lay(inbox: Inbox, stop: threading.Event) -> None:
        inbox(Presented(access_point=GATE, credential=ANA_CARD, at_monotonic=0.0))
        stop.wait()

    receiver = HintReceiver(tmp_path / "display.sock")
    threads = [
        threading.Thread(target=receiver.run, args=(hear, stop)),
        threading.Thread(
            target=agent_process.run, args=(_surroundings(tmp_path, ScriptedReader(lay)), stop)
        ),
    ]
    for thread in threads:
        thread.start()
    assert shown.wait(10)
    _send_everything(tmp_path)
    stop.set()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    told = [hint["shown"] for hint in heard if "shown" in hint]
    assert [isinstance(each, dict) and each["reason"] for each in told] == ["cache-too-old"]


def _send_everything(directory: Path) -> None:
    """Hints of all kinds, malformed ones too, disturb nobody."""
    sender = HintSender(directory / "agent.sock")
    hints: list[Hint] = [{"cache": 3}, {"connected": True}, {"command": {}}, {"other": 1}]
    for hint in hints:
        sender.send(hint)
    sender.close()


def test_a_reader_at_no_door_is_a_terminal(tmp_path: Path) -> None:
    hardware = _surroundings(tmp_path, ScriptedReader()).hardware
    assert hardware.terminals == frozenset()
    assert replace(hardware, gateways={}).terminals == {GATE}
