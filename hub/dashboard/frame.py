"""How a page is made: templates in the reader's language, in one frame, with strict headers."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from core.reasons import Language
from hub.caller import Caller, language_of
from hub.dashboard import words
from hub.dashboard.assets import address
from hub.errors import Message, message
from hub.roles import ADMINISTRATORS
from hub.texts.catalogue import translations

FOLDER = Path(__file__).parent / "templates"
SAID_COOKIE = "vratar_said"

_HEADERS = {
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    # Pages are about people: no cache keeps them, and after logout "back" shows nothing.
    "Cache-Control": "no-store",
}

SAID: dict[str, Message] = {
    "person-created": message("The person has been added."),
    "person-changed": message("The changes have been saved."),
    "person-blocked": message("Access is suspended. The gates know within a second."),
    "person-unblocked": message("Access is allowed again."),
    "card-added": message("The card has been added."),
    "card-blocked": message("The card has been revoked."),
    "card-unblocked": message("The card is valid again."),
    "entitlement-granted": message("The pass has been granted."),
    "entitlement-ended": message("The pass has been ended."),
    "product-created": message("The product has been added."),
    "gate-opening": message("The gate is being opened."),
    "language-changed": message("Language: English."),
    "password-changed": message("The password has been changed. Log in with the new one."),
    "logged-out": message("You have logged out."),
}
"""What a page says after a change; the cookie that carries it holds only the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What every page knows: who reads it, in which language, where they are."""

    language: Language
    caller: Caller | None
    path: str
    said: str | None

    @property
    def csrf_token(self) -> str:
        return (self.caller.csrf_token if self.caller else None) or ""

    @property
    def may_administer(self) -> bool:
        return self.caller is not None and bool(self.caller.roles & ADMINISTRATORS)


def page(request: Request, template: str, *, status: int = 200, **values: object) -> Response:
    """The page of a template; a change announced before the redirect here is told once."""
    said = SAID.get(request.cookies.get(SAID_COOKIE, ""))
    language = reading(request)
    frame = Frame(
        language=language,
        caller=getattr(request.state, "caller", None),
        path=request.url.path,
        said=said.in_(language) if said else None,
    )
    text = environment(language).get_template(template).render(frame=frame, **values)
    response = HTMLResponse(text, status, headers={"Content-Language": language.value})
    if SAID_COOKIE in request.cookies:
        response.delete_cookie(SAID_COOKIE, path="/", httponly=True, samesite="lax")
    return response


def fragment(request: Request, template: str, **values: object) -> Response:
    """A part of a page, for scripts that bring a page up to date."""
    text = environment(reading(request)).get_template(template).render(**values)
    return HTMLResponse(text)


def reading(request: Request) -> Language:
    """The reader's language; on pages before the login one can be asked for."""
    asked: Language | None = getattr(request.state, "language", None)
    return asked or language_of(request)


def see(address: str, said: str | None = None) -> Response:
    """After a change: go and look at `address`, where `said` (a key of SAID) is told."""
    response = RedirectResponse(address, 303)
    if said is not None:
        assert said in SAID, said
        response.set_cookie(SAID_COOKIE, said, max_age=60, path="/", httponly=True, samesite="lax")
    return response


def secured(response: Response) -> Response:
    """The response with what pages carry besides the headers of every answer."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response


@cache
def environment(language: Language) -> Environment:
    """The templates of a language; an unknown name in one is an error, not a gap."""
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    i18n: Any = made  # the extension adds its methods when it is loaded
    i18n.install_gettext_translations(translations(language), newstyle=True)
    made.globals["asset"] = address
    made.globals["icon"] = _icon(made)
    made.globals["language"] = language.value
    made.filters.update(words.filters(language))
    return made


def _icon(made: Environment) -> object:
    """The macro that draws signs, for every template without an import."""
    module: Any = made.get_template("icons.html").module
    return module.icon
