"""Passwords: argon2id, a bounded number at a time, the same work for logins that do not exist."""

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from core.ids import RandomBytes
from hub.errors import invalid, message

PASSWORD_CHARACTERS_MIN = 10
PASSWORD_CHARACTERS_MAX = 200
VERIFICATIONS_AT_ONCE_MAX = 2
"""Each takes 64 MiB: many logins at once must not exhaust the memory."""

_SALT_BYTES = 16


class Passwords:
    """Hashes and verifies; `hasher` sets the cost."""

    def __init__(self, random_bytes: RandomBytes, hasher: PasswordHasher | None = None) -> None:
        self._random_bytes = random_bytes
        self._hasher = hasher or PasswordHasher()
        self._turn = threading.BoundedSemaphore(VERIFICATIONS_AT_ONCE_MAX)
        self._nobodys = self.hashed("nobody has this password")

    def hashed(self, password: str) -> str:
        with self._turn:
            return self._hasher.hash(password, salt=self._random_bytes(_SALT_BYTES))

    def fits(self, written: str | None, password: str) -> bool:
        """False for a wrong password and, after the same work, for no account at all (None)."""
        with self._turn:
            try:
                self._hasher.verify(written or self._nobodys, password)
            except (VerifyMismatchError, InvalidHashError):
                return False
        return written is not None


def require_good(password: str, login: str) -> None:
    """InvalidError for a password that is too short, too long or the login itself."""
    if not PASSWORD_CHARACTERS_MIN <= len(password) <= PASSWORD_CHARACTERS_MAX:
        raise invalid(
            "password",
            message("{count} characters cannot be used.", count=len(password)),
            message(
                "Choose {least} to {most} characters, such as four words.",
                least=PASSWORD_CHARACTERS_MIN,
                most=PASSWORD_CHARACTERS_MAX,
            ),
        )
    if password.casefold() == login.casefold():
        raise invalid(
            "password",
            message("It is the same as the login."),
            message("Choose one that nobody guesses."),
        )
