"""Cards as they answer on the air."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.parts.cards.airframe import AirFrame, crc_a, with_crc, without_crc
from firmware_sim.parts.cards.iso_dep import IsoDepCard
from firmware_sim.parts.cards.ndef import type2_area, uri_message
from firmware_sim.parts.cards.ntag21x import NTAG213, NTAG215, NTAG216, Ntag21x
from firmware_sim.parts.cards.type_a import State, TypeACard, cascade_levels, with_check_byte
from tests.firmware_sim.parts.nfc_bench import TYPE4_UID, UID, example_tag

REQUEST, WAKE_UP = AirFrame(b"\x26", last_bits=7), AirFrame(b"\x52", last_bits=7)
NAK = AirFrame(b"\0", last_bits=4)
ACKNOWLEDGED = AirFrame(b"\x0a", last_bits=4)
HALT = with_crc(bytes.fromhex("5000"))


def fed(card: TypeACard) -> TypeACard:
    card.power(on=True)
    return card


def selected(card: TypeACard) -> TypeACard:
    """The card in its active state."""
    fed(card)
    assert card.hear(REQUEST) is not None
    return _select(card)


def _select(card: TypeACard) -> TypeACard:
    for code, level in zip(b"\x93\x95\x97", cascade_levels(card.uid), strict=False):
        assert card.hear(with_crc(bytes([code, 0x70]) + with_check_byte(level))) is not None
    assert card.state is State.ACTIVE
    return card


def ask(card: TypeACard, text: str) -> bytes | None:
    """The answer's bytes before a correct checksum."""
    answer = card.hear(with_crc(bytes.fromhex(text)))
    return None if answer is None else without_crc(answer)


def test_the_checksum_of_the_standards_examples() -> None:
    assert crc_a(bytes(2)).hex() == "a01e"  # ISO 14443-3, annex B
    assert crc_a(bytes.fromhex("1234")).hex() == "26cf"


@pytest.mark.parametrize("uid", [UID, UID[:4], UID + bytes(3)])
def test_every_cascade_level_is_needed_to_become_active(uid: bytes) -> None:
    card = TypeACard(uid=uid, sens_res=b"\0\x44", sel_res=0)
    assert selected(card).uid == uid


def test_a_card_that_has_only_a_uid_falls_silent_at_any_command() -> None:
    card = selected(TypeACard(uid=UID, sens_res=b"\0\x44", sel_res=0))
    assert ask(card, "3004") is None
    assert card.state is State.IDLE


def test_a_uid_of_no_known_length_is_refused() -> None:
    with pytest.raises(ValueError, match="5 bytes, must be 4, 7 or 10"):
        TypeACard(uid=bytes(5), sens_res=bytes(2), sel_res=0)


@given(st.integers(0, 40))
def test_anticollision_goes_on_after_the_bits_the_reader_knows(known_bits: int) -> None:
    card = fed(example_tag())
    card.hear(REQUEST)
    own = with_check_byte(cascade_levels(UID)[0])
    whole, odd = divmod(known_bits, 8)
    known = int.from_bytes(own, "little") % (1 << known_bits)
    sent = known.to_bytes(whole + (odd > 0), "little")
    frame = AirFrame(bytes([0x93, (2 + whole) << 4 | odd]) + sent, last_bits=odd or 8)
    if known_bits < 40:
        answer = card.hear(frame)
        assert answer == AirFrame(own[whole:], first_bit=odd)


def test_a_halted_card_answers_only_the_wake_up() -> None:
    card = selected(example_tag())
    assert card.hear(HALT) is None
    assert card.state is State.HALT
    assert card.hear(REQUEST) is None
    assert card.hear(WAKE_UP) is not None


def test_a_card_woken_from_halt_falls_back_to_halt() -> None:
    card = selected(example_tag())
    card.hear(HALT)
    card.hear(WAKE_UP)
    _select(card)
    assert card.hear(with_crc(b"\x1a\x00")) == NAK
    assert card.state is State.HALT


def test_an_unknown_command_is_refused_and_leaves_the_active_state() -> None:
    card = selected(example_tag())
    assert card.hear(with_crc(b"\x1a\x00")) == NAK
    assert card.state is State.IDLE


def test_a_wrong_checksum_is_refused_with_its_own_reason() -> None:
    assert selected(example_tag()).hear(AirFrame(b"\x30\x04\0\0")) == AirFrame(b"\1", last_bits=4)


def test_reading_past_the_last_page_goes_on_at_the_first() -> None:
    card = selected(example_tag())
    last_pages = ask(card, "3086")
    assert last_pages is not None
    assert last_pages[4:8] == UID[:3] + b"\x9f"
    assert ask(card, "3087") is None


@pytest.mark.parametrize(("model", "last_page"), [(NTAG213, 44), (NTAG215, 134), (NTAG216, 230)])
def test_the_whole_memory_is_read_at_once(model: object, last_page: int) -> None:
    assert isinstance(model, type(NTAG213))
    tag = Ntag21x(model, uid=UID)
    content = ask(selected(tag), f"3a00{last_page:02x}")
    assert content is not None
    assert content[:-8] == bytes(tag.memory[:-8])
    assert content[-8:] == bytes(8)  # the password is never read back


def test_a_page_is_written_and_a_lock_bit_is_only_set() -> None:
    card = selected(example_tag())
    assert card.hear(with_crc(bytes.fromhex("a20401020304"))) == ACKNOWLEDGED
    assert (ask(card, "3004") or b"")[:4] == bytes.fromhex("01020304")
    assert card.hear(with_crc(bytes.fromhex("a20300000000"))) == ACKNOWLEDGED
    assert (ask(card, "3003") or b"")[:4] == bytes.fromhex("e1103e00")
    assert card.hear(with_crc(bytes.fromhex("a20001020304"))) == NAK


def test_a_protected_page_is_read_only_after_the_password() -> None:
    tag = example_tag()
    tag.memory[131 * 4 + 3] = 10  # AUTH0
    tag.memory[132 * 4] = 0x80  # PROT: also for reading
    assert selected(tag).hear(with_crc(bytes.fromhex("300a"))) == NAK
    assert ask(selected(tag), "1bffffffff") == bytes(2)
    assert ask(tag, "300a") is not None
    assert selected(tag).hear(with_crc(bytes.fromhex("1b00000000"))) == NAK


def test_a_message_too_long_for_its_tag_is_refused() -> None:
    with pytest.raises(ValueError, match="room for 144"):
        Ntag21x(NTAG213, uid=UID, message=bytes(150))


def test_a_long_message_has_a_long_length() -> None:
    assert type2_area(bytes(300))[:4] == bytes.fromhex("03ff012c")
    assert uri_message("a.si") == bytes.fromhex("d101055504612e7369")


def echo_card(ats: str = "067777710280") -> IsoDepCard:
    return IsoDepCard(uid=TYPE4_UID, application=lambda command: command, ats=bytes.fromhex(ats))


def test_a_card_speaks_blocks_only_after_its_answer_to_select() -> None:
    card = selected(echo_card())
    assert ask(card, "02aa") is None
    assert card.state is State.IDLE
    assert ask(selected(card), "e080") == bytes.fromhex("067777710280")
    assert ask(card, "02aa") == b"\x02\xaa"


def test_the_answer_is_chained_to_the_readers_frame_size() -> None:
    card = selected(echo_card())
    ask(card, "e000")  # frames of 16 bytes: 13 of content
    first = ask(card, "02" + bytes(range(20)).hex())
    assert first == b"\x12" + bytes(range(13))
    assert ask(card, "a3") == b"\x03" + bytes(range(13, 20))


def test_a_chained_command_is_acknowledged_part_by_part() -> None:
    card = selected(echo_card())
    ask(card, "e080")
    assert ask(card, "12aa") == b"\xa2"
    assert ask(card, "03bb") == b"\x03\xaa\xbb"


def test_a_lost_answer_is_sent_again() -> None:
    card = selected(echo_card())
    ask(card, "e080")
    assert ask(card, "02aa") == b"\x02\xaa"
    assert ask(card, "b2") == b"\x02\xaa"
    assert ask(card, "b3") == b"\xa2"  # the other number: nothing was lost here


def test_a_broken_block_is_not_answered() -> None:
    card = selected(echo_card())
    ask(card, "e080")
    assert card.hear(AirFrame(b"\x02\xaa\0\0")) is None
    assert card.state is State.ACTIVE


def test_deselect_halts_the_card() -> None:
    card = selected(echo_card())
    ask(card, "e080")
    assert ask(card, "c2") == b"\xc2"
    assert card.state is State.HALT


@given(st.lists(st.binary(min_size=1, max_size=20), max_size=8), st.booleans())
def test_no_frames_make_a_card_fail(contents: list[bytes], whole: bool) -> None:  # noqa: FBT001 - drawn
    for card in (selected(example_tag()), selected(echo_card())):
        for content in contents:
            card.hear(with_crc(content) if whole else AirFrame(content))
            card.hear(REQUEST)
