"""Enrolling this edge at its hub: a one-time code and a public key for an identity."""

import http.client
import ipaddress
import json
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_agent.errors import EdgeError
from edge_agent.identity import IDENTITY_FILE, Identity, store_identity
from wire.enrolment import CODE_CHARACTERS, ENROLMENT_PATH, Enrolment, EnrolmentRequest

ANSWER_S_MAX = 10
ANSWER_BYTES_MAX = 64 * 1024
_NEW_CODE = "ask for a new one at the hub under Edges: each is good once and for a short time"
_REFUSALS = frozenset({400, 401, 403, 404, 409, 410, 422})
_TOO_MANY = 429


class EnrolmentError(EdgeError):
    """The edge was not enrolled; nothing was stored."""


def enrol(
    *,
    hub: str,
    code: str,
    key: Ed25519PrivateKey,
    environment: str,
    directory: Path,
    software: str,
) -> Identity:
    """Ask `hub` for an identity with a one-time `code` and keep it. Raises EnrolmentError."""
    address = _address(hub)
    request = EnrolmentRequest(
        code=_code(code), public_key=key.public_key().public_bytes_raw().hex(), software=software
    )
    # A code is good once: first make sure that its answer can be kept.
    _check_writable(directory)
    enrolled = _parsed(_post(address, msgspec.json.encode(request)))
    if enrolled.environment != environment:
        raise EnrolmentError(
            f"environment: the hub is {enrolled.environment!r}, these settings say"
            f" {environment!r}; enrol at the right hub, or correct the settings and {_NEW_CODE}"
        )
    identity = Identity(enrolment=enrolled, private_key=key.private_bytes_raw().hex())
    store_identity(directory, identity)
    return identity


def is_enrolled(directory: Path) -> bool:
    return (directory / IDENTITY_FILE).exists()


def _address(hub: str) -> str:
    """The hub's enrolment address; plaintext does not leave this machine."""
    parts = urlsplit(hub)
    host = parts.hostname
    if parts.scheme not in ("http", "https") or not host:
        raise EnrolmentError(f"--hub {hub!r}: give an address such as https://hub.example.si")
    if parts.scheme == "http" and not _is_loopback(host):
        raise EnrolmentError(
            f"--hub {hub!r}: plain http would show code and keys to the network; use https://"
        )
    return f"{parts.scheme}://{parts.netloc}{ENROLMENT_PATH}"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _code(text: str) -> str:
    """The code as the hub knows it, however it was typed."""
    code = "".join(character for character in text if character not in "- \t").upper()
    if len(code) != CODE_CHARACTERS or not (code.isascii() and code.isalnum()):
        raise EnrolmentError(
            f"--code: {len(code)} letters and digits, a code has {CODE_CHARACTERS} in groups of"
            " four, such as ABCD-EFGH-2345-6789; type it as the hub shows it"
        )
    return code


def _check_writable(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        raise EnrolmentError(
            f"directory: {error}; correct the setting or who may write there"
        ) from error


def _post(address: str, body: bytes) -> bytes:
    request = urllib.request.Request(  # noqa: S310 - the scheme is checked
        address, data=body, headers={"Content-Type": "application/json"}, method="POST"
    )
    try:
        with _opener(address).open(request, timeout=ANSWER_S_MAX) as answer:
            content: bytes = answer.read(ANSWER_BYTES_MAX)
    except urllib.error.HTTPError as error:
        with error:
            raise _refusal(error.code, error.read(ANSWER_BYTES_MAX)) from None
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise EnrolmentError(
            f"{address}: {reason}; check the address, the network and that the hub runs"
        ) from error
    return content


def _opener(address: str) -> urllib.request.OpenerDirector:
    """Follows no redirect, which could lead the code elsewhere; no proxy on this machine."""
    handlers: list[urllib.request.BaseHandler] = [_NoRedirect()]
    if _is_loopback(urlsplit(address).hostname or ""):
        handlers.append(urllib.request.ProxyHandler({}))
    return urllib.request.build_opener(*handlers)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """None makes the redirect an error."""


def _refusal(status: int, content: bytes) -> EnrolmentError:
    told = _problem(content)
    if status == _TOO_MANY:
        return EnrolmentError(f"the hub says: {told or status}; wait a minute and try again")
    if status in _REFUSALS:
        return EnrolmentError(f"the hub does not take this code ({told or status}); {_NEW_CODE}")
    return EnrolmentError(
        f"the hub answers {status} ({told or 'no reason'}); check the address and the hub's log"
    )


def _problem(content: bytes) -> str:
    """The text of a problem+json answer, if it is one."""
    try:
        problem = json.loads(content)
    except ValueError:
        return ""
    found = problem.get("detail") or problem.get("title") if isinstance(problem, dict) else ""
    return str(found or "")[:200]


def _parsed(content: bytes) -> Enrolment:
    try:
        return msgspec.json.decode(content, type=Enrolment)
    except msgspec.DecodeError as error:
        raise EnrolmentError(
            f"the answer is not a hub's ({error}); check the address and both versions"
        ) from error
