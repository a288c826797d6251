"""What every answer carries, and how large a request may be."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_BYTES_MAX = 1024 * 1024

_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (
        b"content-security-policy",
        (
            b"default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none';"
            b" form-action 'self'; frame-ancestors 'none'"
        ),
    ),
)
_ENCRYPTED_ONLY = ((b"strict-transport-security", b"max-age=31536000"),)


class Guard:
    """ASGI middleware: security headers on every answer, a limit on every body."""

    def __init__(self, app: ASGIApp, *, encrypted: bool) -> None:
        self._app = app
        self._headers = _HEADERS + (_ENCRYPTED_ONLY if encrypted else ())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        left = BODY_BYTES_MAX

        async def limited() -> Message:
            nonlocal left
            received = await receive()
            left -= len(received.get("body", b""))
            if left < 0:
                # Raised where the route reads its body, so it is told like any other error.
                raise HTTPException(413)
            return received

        async def with_headers(answer: Message) -> None:
            if answer["type"] == "http.response.start":
                answer = {**answer, "headers": [*answer.get("headers", ()), *self._headers]}
            await send(answer)

        await self._app(scope, limited, with_headers)
