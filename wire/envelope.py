"""Who sent these bytes: signed upward, keyed downward, bound to topic and version.

Bytes: `V`, protocol version, method (1 Ed25519, 2 HMAC-SHA256), flags (bit 0: body is deflated),
authenticator (64 or 32 bytes), body. The authenticator covers a label, the topic, the four
leading bytes and the body as sent.
"""

import hashlib
import hmac
import zlib
from collections.abc import Callable
from enum import IntEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from wire.errors import ForgedError, MalformedError, TooLargeError, UnknownVersionError
from wire.messages import PROTOCOL_VERSION

ENVELOPE_BYTES_MAX = 256 * 1024
BODY_BYTES_MAX = 1024 * 1024
"""What a deflated body may grow to."""

DEFLATE_FROM_BYTES = 1024
MAC_KEY_BYTES = 32

_MAGIC = ord("V")
_HEADER_BYTES = 4
_DEFLATED = 1
_LABEL = b"vratar-envelope\0"


class Method(IntEnum):
    """How the bytes are authenticated."""

    SIGNED = 1
    KEYED = 2


_AUTHENTICATOR_BYTES = {Method.SIGNED: 64, Method.KEYED: 32}


def sign(key: Ed25519PrivateKey, topic: str, body: bytes) -> bytes:
    """The envelope of an edge's message."""
    return _seal(Method.SIGNED, topic, body, key.sign)


def open_signed(key: Ed25519PublicKey, topic: str, envelope: bytes) -> bytes:
    """The body of an edge's message; ForgedError if this edge did not sign it for this topic."""

    def verify(text: bytes, signature: bytes) -> bool:
        try:
            key.verify(signature, text)
        except InvalidSignature:
            return False
        return True

    return _unseal(Method.SIGNED, topic, envelope, verify)


def authenticate(key: bytes, topic: str, body: bytes) -> bytes:
    """The envelope of the hub's message to the edge whose key this is."""
    return _seal(Method.KEYED, topic, body, lambda text: hmac.digest(key, text, hashlib.sha256))


def open_keyed(key: bytes, topic: str, envelope: bytes) -> bytes:
    """The body of the hub's message; ForgedError if it was not made with this key and topic."""

    def verify(text: bytes, code: bytes) -> bool:
        return hmac.compare_digest(hmac.digest(key, text, hashlib.sha256), code)

    return _unseal(Method.KEYED, topic, envelope, verify)


def _seal(
    method: Method, topic: str, body: bytes, authenticator: Callable[[bytes], bytes]
) -> bytes:
    if len(body) > BODY_BYTES_MAX:
        raise TooLargeError("body", f"{len(body)} bytes", f"send at most {BODY_BYTES_MAX}")
    flags = 0
    if len(body) >= DEFLATE_FROM_BYTES:
        body, flags = zlib.compress(body, 6), _DEFLATED
    header = bytes((_MAGIC, PROTOCOL_VERSION, method, flags))
    envelope = header + authenticator(_text(topic, header, body)) + body
    if len(envelope) > ENVELOPE_BYTES_MAX:
        raise TooLargeError("envelope", f"{len(envelope)} bytes", f"at most {ENVELOPE_BYTES_MAX}")
    return envelope


def _unseal(
    method: Method, topic: str, envelope: bytes, verify: Callable[[bytes, bytes], bool]
) -> bytes:
    header = _checked_header(method, envelope)
    start = _HEADER_BYTES + _AUTHENTICATOR_BYTES[method]
    authenticator, body = envelope[_HEADER_BYTES:start], envelope[start:]
    if not verify(_text(topic, header, body), authenticator):
        raise ForgedError("authenticator", f"does not fit on {topic}", "enrol the edge again")
    return _inflate(body) if header[3] & _DEFLATED else body


def _checked_header(method: Method, envelope: bytes) -> bytes:
    if len(envelope) > ENVELOPE_BYTES_MAX:
        raise TooLargeError("envelope", f"{len(envelope)} bytes", f"at most {ENVELOPE_BYTES_MAX}")
    if len(envelope) < _HEADER_BYTES + _AUTHENTICATOR_BYTES[method] or envelope[0] != _MAGIC:
        raise MalformedError("envelope", "not one of ours", "send protocol envelopes only")
    if envelope[1] != PROTOCOL_VERSION:
        raise UnknownVersionError(
            "version", f"{envelope[1]}", f"update this side, it speaks {PROTOCOL_VERSION}"
        )
    if envelope[2] != method or envelope[3] & ~_DEFLATED:
        raise ForgedError("method", f"{envelope[2]}, flags {envelope[3]}", f"use {method}")
    return envelope[:_HEADER_BYTES]


def _text(topic: str, header: bytes, body: bytes) -> bytes:
    return _LABEL + topic.encode("utf-8") + b"\0" + header + body


def _inflate(body: bytes) -> bytes:
    inflater = zlib.decompressobj()
    try:
        # One byte more than may be shows whether there is more.
        whole = inflater.decompress(body, BODY_BYTES_MAX + 1)
    except zlib.error as error:
        raise MalformedError("body", str(error), "deflate with zlib") from None
    if len(whole) > BODY_BYTES_MAX:
        raise TooLargeError("body", f"over {BODY_BYTES_MAX} bytes", "send less at once")
    if not inflater.eof:
        raise MalformedError("body", "deflated data ends early", "send it whole")
    if inflater.unused_data:
        raise MalformedError("body", "bytes after the deflated data", "send nothing else")
    return whole
