"""NTAG213, 215 and 216: pages, locks, password, and the answers of the NXP data sheet."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from firmware_sim.parts.cards.airframe import AirFrame, with_crc
from firmware_sim.parts.cards.ndef import type2_area
from firmware_sim.parts.cards.type_a import TypeACard, with_check_byte

PAGE_BYTES = 4
_READ_PAGES = 4
_FIRST_USER_PAGE = 4
_CAPABILITY_PAGE, _LOCK_PAGE = 3, 2
_ACK, _NAK_ARGUMENT, _NAK_CHECKSUM = 0xA, 0x0, 0x1
_SIGNATURE = bytes(range(32))


@dataclass(frozen=True, slots=True, kw_only=True)
class NtagModel:
    """What differs between the chips: NTAG213/215/216 data sheet, tables 5-7 and 28."""

    pages: int
    storage: int  # byte 6 of GET_VERSION
    capability: int  # size byte of the capability container

    @property
    def configuration_page(self) -> int:
        """CFG0; then CFG1, PWD, PACK up to the last page."""
        return self.pages - 4


NTAG213 = NtagModel(pages=45, storage=0x0F, capability=0x12)
NTAG215 = NtagModel(pages=135, storage=0x11, capability=0x3E)
NTAG216 = NtagModel(pages=231, storage=0x13, capability=0x6D)


class Ntag21x(TypeACard):
    """An NTAG21x tag; `message` is its NDEF message, written as the factory would."""

    def __init__(self, model: NtagModel, *, uid: bytes, message: bytes = b"") -> None:
        super().__init__(uid=uid, sens_res=bytes.fromhex("0044"), sel_res=0x00)
        self._model = model
        self.memory = _factory_memory(model, uid, message)
        self._authenticated = False

    def forget(self) -> None:
        self._authenticated = False

    def broken(self, frame: AirFrame) -> AirFrame | None:  # noqa: ARG002 - any broken frame
        return self._refuse(_NAK_CHECKSUM)

    def command(self, body: bytes) -> AirFrame | None:
        answer = self._COMMANDS.get(body[0])
        return answer(self, body[1:]) if answer else self._refuse()

    def _get_version(self, arguments: bytes) -> AirFrame | None:
        if arguments:
            return self._refuse()
        return with_crc(bytes([0x00, 0x04, 0x04, 0x02, 0x01, 0x00, self._model.storage, 0x03]))

    def _read(self, arguments: bytes) -> AirFrame | None:
        """Four pages; after the last page follows page 0."""
        if len(arguments) != 1 or not self._readable(arguments[0]):
            return self._refuse()
        pages = [(arguments[0] + place) % self._model.pages for place in range(_READ_PAGES)]
        return with_crc(b"".join(self._page(page) for page in pages))

    def _fast_read(self, arguments: bytes) -> AirFrame | None:
        if len(arguments) != 2 or arguments[0] > arguments[1]:  # noqa: PLR2004 - from, to
            return self._refuse()
        pages = range(arguments[0], arguments[1] + 1)
        if not all(self._readable(page) for page in pages):
            return self._refuse()
        return with_crc(b"".join(self._page(page) for page in pages))

    def _write(self, arguments: bytes) -> AirFrame | None:
        page, content = arguments[:1], arguments[1:]
        if len(content) != PAGE_BYTES or not self._writable(page[0]):
            return self._refuse()
        if page[0] in {_LOCK_PAGE, _CAPABILITY_PAGE}:  # bits can only be set
            content = bytes(
                old | new for old, new in zip(self._page(page[0]), content, strict=True)
            )
        start = page[0] * PAGE_BYTES
        self.memory[start : start + PAGE_BYTES] = content
        return AirFrame(bytes([_ACK]), last_bits=4)

    def _read_counter(self, arguments: bytes) -> AirFrame | None:
        """The counter is off as delivered: the command is refused."""
        del arguments
        return self._refuse()

    def _read_signature(self, arguments: bytes) -> AirFrame | None:
        return with_crc(_SIGNATURE) if arguments == b"\0" else self._refuse()

    def _authenticate(self, arguments: bytes) -> AirFrame | None:
        password = self._page(self._model.configuration_page + 2, secret=True)
        if arguments != password:
            return self._refuse()
        self._authenticated = True
        return with_crc(self._page(self._model.configuration_page + 3, secret=True)[:2])

    _COMMANDS: ClassVar[dict[int, Callable[["Ntag21x", bytes], AirFrame | None]]] = {
        0x60: _get_version,
        0x30: _read,
        0x3A: _fast_read,
        0xA2: _write,
        0x39: _read_counter,
        0x3C: _read_signature,
        0x1B: _authenticate,
    }

    def _refuse(self, reason: int = _NAK_ARGUMENT) -> AirFrame | None:
        """A four-bit NAK, and the tag leaves the active state."""
        return self.drop(AirFrame(bytes([reason]), last_bits=4))

    def _page(self, page: int, *, secret: bool = False) -> bytes:
        """A page as read; password and its acknowledgement read as zeros."""
        if page >= self._model.configuration_page + 2 and not secret:
            return bytes(PAGE_BYTES)
        return bytes(self.memory[page * PAGE_BYTES : (page + 1) * PAGE_BYTES])

    def _readable(self, page: int) -> bool:
        read_protected = bool(self._page(self._model.configuration_page + 1)[0] & 0x80)
        return page < self._model.pages and not (read_protected and self._protected(page))

    def _writable(self, page: int) -> bool:
        return _LOCK_PAGE <= page < self._model.pages and not self._protected(page)

    def _protected(self, page: int) -> bool:
        first_protected = self._page(self._model.configuration_page)[3]
        return page >= first_protected and not self._authenticated


def _factory_memory(model: NtagModel, uid: bytes, message: bytes) -> bytearray:
    """UID, lock bytes and capability container, message, then the configuration as delivered."""
    if len(uid) != 7:  # noqa: PLR2004 - every NTAG21x has a double-size UID
        raise ValueError(f"uid: {len(uid)} bytes, an NTAG21x has 7")
    area = type2_area(message)
    room = model.capability * 8
    if len(area) > room:
        raise ValueError(f"message: {len(area)} bytes with its TLV, the tag has room for {room}")
    memory = bytearray(model.pages * PAGE_BYTES)
    head = b"\x88" + uid[:3]
    memory[0:8] = uid[:3] + with_check_byte(head)[4:] + uid[3:]
    memory[8:16] = (
        with_check_byte(uid[3:])[4:] + bytes.fromhex("480000e110") + bytes([model.capability, 0])
    )
    start = _FIRST_USER_PAGE * PAGE_BYTES
    memory[start : start + len(area)] = area
    configuration = model.configuration_page * PAGE_BYTES
    memory[configuration - 4 : configuration] = bytes.fromhex("000000bd")
    memory[configuration:] = bytes.fromhex("040000ff000500 00ffffffff00000000")
    return memory
