"""Broker passwords as mosquitto keeps them: `$7$` PBKDF2-SHA512, one form for both brokers."""

import base64
import hashlib
import hmac

from core.ids import RandomBytes

ITERATIONS = 101
"""Mosquitto's own figure: a password here is 160 random bits, so stretching adds nothing."""

SALT_BYTES = 12
"""Mosquitto 2.0 refuses any other length."""

_HASH_BYTES = 64
_PASSWORD_BYTES = 20


def new_password(random_bytes: RandomBytes) -> str:
    """A password that nobody types: 160 random bits in base32."""
    return base64.b32encode(random_bytes(_PASSWORD_BYTES)).decode("ascii").lower()


def hashed(password: str, random_bytes: RandomBytes) -> str:
    """The line part that mosquitto's password file and our database keep."""
    salt = random_bytes(SALT_BYTES)
    digest = _digest(password, salt, ITERATIONS)
    return f"$7${ITERATIONS}${_text(salt)}${_text(digest)}"


def fits(password: str, password_hash: str) -> bool:
    """True when the hash is of this password; False also for a hash of another form."""
    parts = password_hash.split("$")
    if len(parts) != 5 or parts[1] != "7":  # noqa: PLR2004 - '', '7', iterations, salt, hash
        return False
    salt, digest = base64.b64decode(parts[3]), base64.b64decode(parts[4])
    return hmac.compare_digest(digest, _digest(password, salt, int(parts[2])))


def _digest(password: str, salt: bytes, iterations: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha512", password.encode("utf-8"), salt, iterations, _HASH_BYTES)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
