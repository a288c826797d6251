"""NDEF on cards: one URI record, the area of a type 2 tag, the files of a type 4 tag."""

from collections.abc import Callable

_URI_HTTPS = 0x04
_SHORT_BYTES_MAX = 254
_OK, _NOT_FOUND, _WRONG_LENGTH, _UNKNOWN = "9000", "6a82", "6700", "6d00"
_APPLICATION = bytes.fromhex("d2760000850101")
_CAPABILITY_FILE, _MESSAGE_FILE = b"\xe1\x03", b"\xe1\x04"

Application = Callable[[bytes], bytes]
"""A card's application: a command APDU in, the answer with its status out."""


def uri_message(address: str) -> bytes:
    """An NDEF message of one short URI record for an address without `https://`."""
    payload = bytes([_URI_HTTPS]) + address.encode("ascii")
    return bytes([0xD1, 1, len(payload), ord("U")]) + payload


def type2_area(message: bytes) -> bytes:
    """The user pages of a type 2 tag: message TLV and terminator."""
    length = len(message)
    head = bytes([3, length]) if length <= _SHORT_BYTES_MAX else b"\x03\xff" + length.to_bytes(2)
    return head + message + b"\xfe"


def type4_application(message: bytes) -> Application:
    """The NDEF application of a type 4 tag, read-only; it remembers the file selected."""
    files = {
        _CAPABILITY_FILE: bytes.fromhex("000f20 00fb 00fb 0406 e104 1000 00 ff"),
        _MESSAGE_FILE: len(message).to_bytes(2) + message,
    }
    selected = [b""]

    def answer(command: bytes) -> bytes:
        instruction = command[:4]
        if instruction == bytes.fromhex("00a40400"):
            known = command[5 : 5 + command[4]] == _APPLICATION if len(command) > 5 else False  # noqa: PLR2004 - header and Lc
            return bytes.fromhex(_OK if known else _NOT_FOUND)
        if instruction[:3] == bytes.fromhex("00a400"):
            selected[0] = command[5:7]
            return bytes.fromhex(_OK if selected[0] in files else _NOT_FOUND)
        if instruction[:2] == bytes.fromhex("00b0"):
            return _read_binary(files.get(selected[0], b""), command)
        return bytes.fromhex(_UNKNOWN)

    return answer


def _read_binary(file: bytes, command: bytes) -> bytes:
    if len(command) != 5:  # noqa: PLR2004 - CLA INS P1 P2 Le
        return bytes.fromhex(_WRONG_LENGTH)
    offset = int.from_bytes(command[2:4])
    length = command[4] or 256
    return file[offset : offset + length] + bytes.fromhex(_OK)
