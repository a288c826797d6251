"""What can be wrong with a message, said so that somebody can put it right."""


class WireError(Exception):
    """A message was refused; nothing of it has had an effect."""

    def __init__(self, field: str, problem: str, remedy: str) -> None:
        super().__init__(f"{field}: {problem}; {remedy}")
        self.field = field
        self.problem = problem
        self.remedy = remedy

    def diagnostics(self) -> str:
        """One line for a log: the field, what is wrong with it, what to do."""
        return str(self)


class UnknownVersionError(WireError):
    """The message is of a protocol version that this side does not speak."""


class ForgedError(WireError):
    """The authenticator does not fit: altered, for another topic, or made with another key."""


class TooLargeError(WireError):
    """The message exceeds a limit."""


class MalformedError(WireError):
    """A field is missing, of the wrong type or out of range."""
