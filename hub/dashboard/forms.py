"""Forms: what was typed, what is wrong with it, and both shown again together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError

from core.reasons import Language
from hub.dashboard.words import sentence
from hub.errors import FieldError, HubError, InvalidError, Message, message
from hub.problems import field_error

FIELDS_MAX = 200

B = TypeVar("B", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong with a field and what helps, in the reader's language."""

    problem: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What a form shows: the values typed (or stored), and the problems at their fields."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    problems: Mapping[str, Problem] = field(default_factory=dict)
    refusal: str = ""

    def value(self, name: str) -> str:
        return next(iter(self.values.get(name, ())), "")

    def chosen(self, name: str, value: str) -> bool:
        return value in self.values.get(name, ())

    @property
    def is_refused(self) -> bool:
        return bool(self.problems or self.refusal)


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields of a posted form; what is missing is empty."""

    values: Mapping[str, tuple[str, ...]]

    def exactly(self, name: str) -> str:
        return next(iter(self.values.get(name, ())), "")

    def text(self, name: str) -> str:
        """What was typed, without blanks around it."""
        return self.exactly(name).strip()

    def optional(self, name: str) -> str | None:
        return self.text(name) or None

    def every(self, name: str) -> tuple[str, ...]:
        return self.values.get(name, ())

    def required(self, name: str) -> str:
        """InvalidError when nothing was typed."""
        found = self.text(name)
        if not found:
            raise wrong(name, message("It is empty."), message("Fill it in."))
        return found

    def whole(self, name: str) -> int | None:
        """A whole number, None for an empty field."""
        text = self.text(name)
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) <= 9):  # noqa: PLR2004 - fits everywhere
            raise wrong(
                name, message("It is not a whole number."), message("Write a whole number.")
            )
        return int(text)

    def day(self, name: str) -> date | None:
        """A date as browsers send it, None for an empty field."""
        text = self.text(name)
        if not text:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise wrong(
                name, message("It is not a date."), message("Write it as 2026-11-23.")
            ) from None

    def day_start(self, name: str, zone: ZoneInfo) -> datetime | None:
        """The first instant of a typed day at the site."""
        on = self.day(name)
        return None if on is None else datetime.combine(on, time(), zone)

    def day_end(self, name: str, zone: ZoneInfo) -> datetime | None:
        """The first instant after a typed day at the site: "until" includes the day."""
        on = self.day(name)
        return None if on is None else datetime.combine(on + timedelta(days=1), time(), zone)


async def typed(request: Request) -> Typed:
    """The posted form; files in it are not looked at."""
    form = await request.form(max_fields=FIELDS_MAX, max_files=0)
    values: dict[str, tuple[str, ...]] = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            values[name] = (*values.get(name, ()), value)
    return Typed(values)


TypedNow = Annotated[Typed, Depends(typed)]


def checked(model: type[B], values: Mapping[str, object]) -> B:
    """The values by the same rules as the API's; InvalidError names every wrong field."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False)
        raise all_wrong(_wrong_field(each, values) for each in found) from None


def _wrong_field(found: Mapping[str, Any], values: Mapping[str, object]) -> FieldError:
    """What pydantic found, told as people see it: nothing typed is no text that is too short."""
    name = str(found["loc"][0])
    match values.get(name):
        case None | "":
            return FieldError(
                field=name, problem=message("It is empty."), remedy=message("Fill it in.")
            )
        case []:
            return FieldError(
                field=name,
                problem=message("Nothing is chosen."),
                remedy=message("Choose at least one."),
            )
        case _:
            return field_error({**found, "loc": ("body", *found["loc"])})


def filled(values: Mapping[str, object]) -> Form:
    """A form that shows what is stored."""
    return Form(values={name: _shown(value) for name, value in values.items()})


def refused(typed: Typed, error: HubError, language: Language) -> Form:
    """The form as it was typed, with what is wrong; passwords and tokens are not kept."""
    kept = {name: value for name, value in typed.values.items() if not _is_secret(name)}
    problems = {
        each.field: Problem(
            problem=_sentence(each.problem.in_(language)),
            remedy=_sentence(each.remedy.in_(language)),
        )
        for each in error.fields
    }
    return Form(
        values=kept,
        problems=problems,
        refusal="" if problems else error.detail.in_(language),
    )


def wrong(name: str, problem: Message, remedy: Message) -> InvalidError:
    """The error of one field."""
    return all_wrong([FieldError(field=name, problem=problem, remedy=remedy)])


def all_wrong(fields: Iterable[FieldError]) -> InvalidError:
    return InvalidError(message("Some fields cannot be used; see errors."), fields=list(fields))


def _sentence(text: str) -> str:
    """Begun with a capital, ended with a full stop: problems also stand within sentences."""
    ended = text if text.endswith((".", "!", "?", "…")) else f"{text}."
    return sentence(ended)


def _shown(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, (list, tuple)):
        return tuple(str(each) for each in value)
    return (str(value),)


def _is_secret(name: str) -> bool:
    return "password" in name or name == "csrf_token"
