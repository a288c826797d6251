"""Errors as the caller sees them: problem+json (RFC 9457), rendered here and nowhere else."""

import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from core.reasons import Language
from hub.caller import language_of
from hub.errors import (
    FieldError,
    HubError,
    InvalidError,
    Message,
    NotFoundError,
    TooLargeError,
    message,
)

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"


class FieldProblem(BaseModel):
    """What is wrong with one field, and what to do."""

    field: str
    problem: str
    remedy: str


class Problem(BaseModel):
    """Why a request was refused, in the caller's language (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] = []


def problem_of(error: HubError, language: Language) -> Problem:
    return Problem(
        type=f"urn:vratar:problem:{error.code}",
        title=error.title.in_(language),
        status=error.status,
        detail=error.detail.in_(language),
        errors=[
            FieldProblem(
                field=field.field,
                problem=field.problem.in_(language),
                remedy=field.remedy.in_(language),
            )
            for field in error.fields
        ],
    )


def install(app: FastAPI) -> None:
    """Every error of every route goes through here."""
    app.add_exception_handler(HubError, _hub_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses=`: which problems it may answer with, besides 401, 403 and 422."""
    return {
        status: {"model": Problem, "description": _MEANINGS[status]}
        for status in (401, 403, 422, *statuses)
    }


_MEANINGS: Mapping[int, str] = {
    401: "Nobody is logged in",
    403: "The role does not include this, or the CSRF token is missing",
    404: "There is no such thing",
    409: "It conflicts with what there is",
    413: "The request is too large",
    422: "A field cannot be used; `errors` says which and why",
    429: "Asked too often; see Retry-After",
    503: "Not available at the moment",
}

# What pydantic finds wrong, by its type; other types are told in pydantic's own words.
_PROBLEMS: Mapping[str, tuple[Message, Message]] = {
    "missing": (message("It is missing."), message("Fill it in.")),
    "extra_forbidden": (message("There is no such field."), message("Leave it out.")),
    "string_type": (message("It is not a text."), message("Write it in quotes.")),
    "string_too_short": (message("It is too short."), message("Write more.")),
    "string_too_long": (message("It is too long."), message("Write less.")),
    "string_pattern_mismatch": (
        message("It is not written as expected."),
        message("Check its spelling."),
    ),
    "int_type": (message("It is not a whole number."), message("Write a whole number.")),
    "int_parsing": (message("It is not a whole number."), message("Write a whole number.")),
    "int_from_float": (message("It is not a whole number."), message("Write a whole number.")),
    "greater_than_equal": (message("It is too small."), message("Choose a larger one.")),
    "greater_than": (message("It is too small."), message("Choose a larger one.")),
    "less_than_equal": (message("It is too large."), message("Choose a smaller one.")),
    "less_than": (message("It is too large."), message("Choose a smaller one.")),
    "bool_type": (message("It is neither true nor false."), message("Write true or false.")),
    "bool_parsing": (message("It is neither true nor false."), message("Write true or false.")),
    "enum": (message("It is none of the choices."), message("Choose one of them.")),
    "timezone_aware": (
        message("The time has no offset."),
        message("Write it in UTC, such as 2026-11-23T05:58:00Z."),
    ),
    "datetime_from_date_parsing": (
        message("It is not a point in time."),
        message("Write it in UTC, such as 2026-11-23T05:58:00Z."),
    ),
    "datetime_parsing": (
        message("It is not a point in time."),
        message("Write it in UTC, such as 2026-11-23T05:58:00Z."),
    ),
    "date_from_datetime_parsing": (
        message("It is not a date."),
        message("Write it as 2026-11-23."),
    ),
    "date_parsing": (message("It is not a date."), message("Write it as 2026-11-23.")),
    "json_invalid": (message("The body is not JSON."), message("Send well-formed JSON.")),
    "too_long": (message("There are too many."), message("Send fewer.")),
    "too_short": (message("There are too few."), message("Send more.")),
    "list_type": (message("It is not a list."), message("Write it in square brackets.")),
    "model_attributes_type": (
        message("It is not an object."),
        message("Send a JSON object with Content-Type: application/json."),
    ),
}


def _render(request: Request, error: HubError) -> Response:
    """The error as a page for browsers, else as problem+json."""
    page = getattr(request.app.state, "refusal_page", None)
    if page is not None and _is_for_people(request):
        answer: Response = page(request, error)
        return answer
    language = language_of(request)
    headers = {"Content-Language": language.value}
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(error.retry_after_seconds)
    if error.status == 401:  # noqa: PLR2004 - HTTP's own name for it
        headers["WWW-Authenticate"] = "Bearer"
    body = problem_of(error, language).model_dump(mode="json")
    return JSONResponse(body, status_code=error.status, headers=headers, media_type=MEDIA_TYPE)


def _is_for_people(request: Request) -> bool:
    wanted = request.headers.get("accept", "")
    return "text/html" in wanted and not request.url.path.startswith("/api/")


async def _hub_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HubError)
    return _render(request, error)


async def _validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fields = [field_error(each) for each in error.errors()]
    detail = message("Some fields cannot be used; see errors.")
    return _render(request, InvalidError(detail, fields=fields))


def field_error(found: Mapping[str, Any]) -> FieldError:  # pydantic's own shape
    """What pydantic found wrong in a part of a request, in our words."""
    where = [str(part) for part in found["loc"]]
    name = ".".join(where[1:]) or where[0]
    told = message("{problem}", problem=str(found["msg"]))
    known = _PROBLEMS.get(str(found["type"]))
    problem, remedy = known or (told, message("See the API's description."))
    return FieldError(field=name, problem=problem, remedy=remedy)


class _MethodError(HubError):
    status = 405
    code = "method"
    title = message("This address is for something else")


async def _http_error(request: Request, error: Exception) -> Response:
    """What Starlette itself refuses: no such address, no such method, a body that is too large."""
    assert isinstance(error, HTTPException)
    found: Mapping[int, HubError] = {
        404: NotFoundError(message("There is nothing at this address.")),
        405: _MethodError(message("{method} is not for this address.", method=request.method)),
        413: TooLargeError(message("Send at most 1 MiB.")),
    }
    unknown = InvalidError(message("{problem}", problem=str(error.detail)))
    return _render(request, found.get(error.status_code, unknown))


async def _unexpected(request: Request, error: Exception) -> Response:
    log.error("request_failed method=%s", request.method, exc_info=error)
    detail = message("Something went wrong here; it is in the hub's log. Try again later.")
    return _render(request, HubError(detail))
