"""A bench for readers: a simulated chip on a pty, cards to lay on it, nfcpy as it is installed."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nfc.tag
from nfc.clf import ContactlessFrontend, RemoteTarget, pn532, transport

from firmware_sim.parts.cards.iso_dep import DEFAULT_ATS, IsoDepCard
from firmware_sim.parts.cards.ndef import type4_application, uri_message
from firmware_sim.parts.cards.ntag21x import NTAG215, Ntag21x, NtagModel
from firmware_sim.parts.pn532.antenna import Antenna
from firmware_sim.parts.pn532.chip import Pn532
from firmware_sim.parts.pn532.timing import NO_TIME, Timing
from firmware_sim.parts.serialport import SerialPort

UID = bytes.fromhex("04A1B2C3D4E580")
TYPE4_UID = bytes.fromhex("04C767F2066180")
ADDRESS = "example.com/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A chip, what lies on it, and the port a driver opens."""

    chip: Pn532
    antenna: Antenna
    port: SerialPort


@contextmanager
def bench(
    *, timing: Timing = NO_TIME, line_time: bool = False, link: Path | None = None
) -> Iterator[Bench]:
    antenna = Antenna()
    chip = Pn532(antenna, timing)
    with SerialPort(chip, monotonic=time.monotonic, link=link, line_time=line_time) as port:
        yield Bench(chip=chip, antenna=antenna, port=port)


def example_tag(model: NtagModel = NTAG215, uid: bytes = UID) -> Ntag21x:
    return Ntag21x(model, uid=uid, message=uri_message(ADDRESS))


def example_type4(ats: bytes = DEFAULT_ATS, address: str = ADDRESS) -> IsoDepCard:
    application = type4_application(uri_message(address))
    return IsoDepCard(uid=TYPE4_UID, ats=ats, application=application)


@contextmanager
def opened(path: str) -> Iterator[ContactlessFrontend]:
    """Unmodified nfcpy on any path; closed at the end."""
    device = pn532.init(transport.TTY(path))
    device._path = path
    frontend = ContactlessFrontend()
    frontend.device = device
    try:
        yield frontend
    finally:
        frontend.close()


def sensed(frontend: ContactlessFrontend) -> bytes | None:
    """The UID of a type A card, None where there is none."""
    target = frontend.sense(RemoteTarget("106A"))
    return bytes(target.sdd_res) if target else None


def read_tag(frontend: ContactlessFrontend) -> tuple[bytes, str]:
    """UID and the address in the first NDEF record of the card that lies there."""
    tag = nfc.tag.activate(frontend, frontend.sense(RemoteTarget("106A")))
    assert tag is not None
    assert tag.ndef is not None
    return bytes(tag.identifier), str(tag.ndef.records[0].iri)
