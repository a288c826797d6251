"""Enrolment over HTTP: a one-time code and a public key in, an identity and its keys out."""

from typing import Annotated

from msgspec import Meta, Struct

from wire.messages import IdText, Instant, ShortText

ENROLMENT_PATH = "/api/v1/edges/enrol"
CODE_CHARACTERS = 16
"""Base32 without look-alikes, shown in groups of four: 80 random bits."""

KeyText = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]


class EnrolmentRequest(Struct, frozen=True, kw_only=True):
    """`public_key` is the raw Ed25519 key in hex; its private half never leaves the edge."""

    code: Annotated[str, Meta(min_length=CODE_CHARACTERS, max_length=2 * CODE_CHARACTERS)]
    public_key: KeyText
    software: ShortText


class Broker(Struct, frozen=True, kw_only=True):
    """Where the edge connects, and as whom."""

    host: ShortText
    port: Annotated[int, Meta(ge=1, le=65535)]
    username: ShortText
    password: ShortText


class Enrolment(Struct, frozen=True, kw_only=True):
    """What the edge keeps in a file that only it can read (mode 0600); keys are in hex."""

    environment: ShortText
    tenant: IdText
    site: IdText
    edge: IdText
    broker: Broker
    mac_key: KeyText
    site_key: KeyText
    hub_at: Instant
