"""The chip as ISO-DEP reader towards cards that are far, slow of memory, or wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.parts.cards.airframe import AirFrame, with_crc
from firmware_sim.parts.cards.iso_dep import DEFAULT_ATS, IsoDepCard
from firmware_sim.parts.pn532.air import SilenceError
from firmware_sim.parts.pn532.antenna import Antenna
from firmware_sim.parts.pn532.firmware import Firmware
from firmware_sim.parts.pn532.initiator import in_data_exchange, in_list_passive_target
from firmware_sim.parts.pn532.iso_dep import BlockError, IsoDepLink
from firmware_sim.parts.pn532.timing import NO_TIME, REAL_TIME
from tests.firmware_sim.parts.nfc_bench import TYPE4_UID

LIST = b"\x01\x00"
TARGET, TARGET_AND_MORE = b"\x01", b"\x41"


class FarCard(IsoDepCard):
    """Echoes; loses blocks on their way to it or back, as the list says."""

    def __init__(self, ats: bytes = DEFAULT_ATS) -> None:
        super().__init__(uid=TYPE4_UID, application=lambda command: command, ats=ats)
        self.losses: list[str] = []

    def hear(self, frame: AirFrame) -> AirFrame | None:
        loss = self.losses.pop(0) if self.losses else ""
        if loss == "request":
            return None
        answer = super().hear(frame)
        return None if loss == "answer" else answer


def connected(card: FarCard) -> Firmware:
    antenna = Antenna()
    antenna.lay(card)
    firmware = Firmware(antenna, NO_TIME)
    listed = in_list_passive_target(firmware, LIST)
    assert isinstance(listed, bytes)
    assert listed[0] == 1
    return firmware


@given(
    st.binary(min_size=1, max_size=250),
    st.integers(0, 8),
    st.lists(st.sampled_from(["", "", "", "request", "answer"]), max_size=12),
)
def test_lost_blocks_cost_the_exchange_at_most_and_never_change_it(
    command: bytes, frame_index: int, losses: list[str]
) -> None:
    card = FarCard(ats=bytes([0x02, frame_index]))
    firmware = connected(card)
    card.losses = list(losses)
    answer = in_data_exchange(firmware, TARGET + command)
    assert answer in {b"\0" + command, b"\x01"}
    if not any(losses):
        assert answer[0] == 0


@pytest.mark.parametrize("loss", ["request", "answer"])
def test_one_lost_block_is_made_good(loss: str) -> None:
    card = FarCard()
    firmware = connected(card)
    card.losses = [loss]
    assert in_data_exchange(firmware, TARGET + b"hello") == b"\0hello"


def test_a_host_may_send_a_long_command_in_parts() -> None:
    firmware = connected(FarCard())
    assert in_data_exchange(firmware, TARGET_AND_MORE + b"one, ") == b"\0"
    assert in_data_exchange(firmware, TARGET + b"two") == b"\0one, two"


def test_a_card_that_is_gone_is_a_timeout() -> None:
    card = FarCard()
    firmware = connected(card)
    card.power(on=False)
    assert in_data_exchange(firmware, TARGET + b"hello") == b"\x01"


class WrongCard:
    """Says the same to everything."""

    def __init__(self, answer: AirFrame) -> None:
        self._answer = answer

    def power(self, *, on: bool) -> None:
        pass

    def hear(self, frame: AirFrame) -> AirFrame:
        del frame
        return self._answer


@pytest.mark.parametrize("answer", ["c2", "03aa", "a2", "12aa"])
def test_an_answer_against_the_block_rules_is_an_error(answer: str) -> None:
    antenna = Antenna()
    antenna.lay(WrongCard(with_crc(bytes.fromhex(answer))))
    firmware = Firmware(antenna, NO_TIME)
    firmware.air.set_field(on=True)
    link = IsoDepLink(firmware.air, DEFAULT_ATS)
    with pytest.raises((BlockError, SilenceError)):
        link.exchange(b"hello", more=False)


@pytest.mark.parametrize(
    ("ats", "wait_s"),
    [
        ("01", 302e-6 * 16),  # FWI 4 by default
        ("0278", 302e-6 * 16),  # TB announced, not there
        ("0675778102", 302e-6 * 256),
        ("04658102", 302e-6 * 256),  # TB without TA
    ],
)
def test_the_waiting_time_comes_from_the_answer_to_select(ats: str, wait_s: float) -> None:
    firmware = Firmware(Antenna(), REAL_TIME)
    firmware.air.set_field(on=True)
    firmware.air.spent_s = 0.0
    link = IsoDepLink(firmware.air, bytes.fromhex(ats))
    with pytest.raises(SilenceError):
        link.exchange(b"", more=False)
    on_air = 3 * 3 * REAL_TIME.air_byte_s  # block and checksum, three attempts
    assert firmware.air.spent_s == pytest.approx(3 * wait_s + on_air)
