"""One's own account: language, password, logging out."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from core.reasons import Language
from hub.accounts.api import accounts_of, end_session
from hub.caller import CallerNow, HubNow
from hub.dashboard.forms import Form, Typed, TypedNow, filled, refused, wrong
from hub.dashboard.frame import page, reading, see
from hub.dashboard.refusals import PageRoute
from hub.dashboard.words import LANGUAGES
from hub.errors import HubError, InvalidError, UnauthenticatedError, message
from hub.roles import STAFF

router = APIRouter(route_class=PageRoute)
ROLES = {
    "GET /account": STAFF,
    "POST /account/language": STAFF,
    "POST /account/password": STAFF,
}


@router.get("/account")
def show(request: Request, caller: CallerNow) -> Response:
    return _account(request, caller.language, Form())


@router.post("/account/language")
def change_language(hub: HubNow, caller: CallerNow, typed: TypedNow) -> Response:
    chosen = typed.text("language")
    if chosen not in LANGUAGES:
        raise wrong(
            "language", message("It is none of the choices."), message("Choose one of them.")
        )
    accounts_of(hub).set_language(caller.account, Language(chosen))
    return see("/account", "language-changed")


@router.post("/account/password")
def change_password(request: Request, hub: HubNow, caller: CallerNow, typed: TypedNow) -> Response:
    try:
        old, new = typed.exactly("old_password"), _repeated(typed)
        accounts_of(hub).change_password(caller.account, old=old, new=new)
    except HubError as error:
        form = refused(typed, _at_the_field(error), reading(request))
        return _account(request, caller.language, form, status=422)
    response = see("/login", "password-changed")
    end_session(hub, request, response)
    return response


def _repeated(typed: Typed) -> str:
    new = typed.exactly("password")
    if new != typed.exactly("password_again"):
        raise wrong(
            "password_again",
            message("The two new passwords differ."),
            message("Type the same one twice."),
        )
    return new


def _at_the_field(error: HubError) -> HubError:
    if not isinstance(error, UnauthenticatedError):
        return error
    told: InvalidError = wrong(
        "old_password", message("The old password is wrong."), message("Type it again.")
    )
    return told


def _account(request: Request, language: Language, form: Form, *, status: int = 200) -> Response:
    choices = [(each.value, word) for each, word in LANGUAGES.items()]
    languages = filled({"language": language.value})
    return page(
        request, "account.html", status=status, form=form, languages=languages, choices=choices
    )
