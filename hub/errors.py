"""What can go wrong at the hub: one tree, each with its HTTP status and a text in two languages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from core.reasons import Language
from hub.texts.catalogue import translated


@dataclass(frozen=True, slots=True)
class Message:
    """A text for people: an English template, which is its own name in the catalogues."""

    template: str
    values: "tuple[tuple[str, str | int | Message], ...]" = ()

    def in_(self, language: Language) -> str:
        values = {
            name: value.in_(language) if isinstance(value, Message) else value
            for name, value in self.values
        }
        return translated(self.template, language).format(**values)

    def __str__(self) -> str:
        return self.in_(Language.EN)


def message(template: str, /, **values: str | int | Message) -> Message:
    """A text; `template` is found by the catalogue's extractor, so write it as a literal."""
    return Message(template, tuple(values.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """What is wrong with one field of a request, and what to do about it."""

    field: str
    problem: Message
    remedy: Message


class HubError(Exception):
    """Something the hub refuses or cannot do; `detail` says what and how to put it right."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "error"
    title: ClassVar[Message] = message("The hub cannot do this")

    def __init__(
        self,
        detail: Message,
        *,
        fields: Sequence[FieldError] = (),
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(str(detail))
        self.detail = detail
        self.fields = tuple(fields)
        self.retry_after_seconds = retry_after_seconds

    def diagnostics(self, language: Language = Language.EN) -> str:
        """One line for a log or a terminal."""
        return self.detail.in_(language)


class InvalidError(HubError):
    """Fields of a request cannot be used."""

    status = 422
    code = "invalid"
    title = message("Please check what you entered")


class UnauthenticatedError(HubError):
    """Nobody is logged in, or the session has ended."""

    status = 401
    code = "unauthenticated"
    title = message("Please log in")


class ForbiddenError(HubError):
    """The account may not do this."""

    status = 403
    code = "forbidden"
    title = message("You may not do this")


class NotFoundError(HubError):
    """There is no such thing in this tenant."""

    status = 404
    code = "not-found"
    title = message("Not found")


class ConflictError(HubError):
    """It does not go together with what there is already."""

    status = 409
    code = "conflict"
    title = message("This conflicts with what there is already")


class TooManyAttemptsError(HubError):
    """Asked too often; `retry_after_seconds` says when to try again."""

    status = 429
    code = "too-many-attempts"
    title = message("Too many attempts")


class TooLargeError(HubError):
    """The request is larger than any that makes sense."""

    status = 413
    code = "too-large"
    title = message("The request is too large")


class UnavailableError(HubError):
    """Not now: a tenant's database cannot be opened, or a part is not running."""

    status = 503
    code = "unavailable"
    title = message("Not available at the moment")


class DatabaseError(HubError):
    """A database cannot be used as it is; nothing was changed in it."""

    code = "database"
    title = message("The database cannot be used")


def invalid(field: str, problem: Message, remedy: Message) -> InvalidError:
    """The error of one wrong field."""
    return InvalidError(
        message("{field}: {problem}", field=field, problem=problem),
        fields=[FieldError(field=field, problem=problem, remedy=remedy)],
    )
