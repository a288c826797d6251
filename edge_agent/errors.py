"""The root of every error that the edge agent names."""


class EdgeError(Exception):
    """Something in an edge's surroundings is wrong; the text tells a person what to do."""

    def diagnostics(self) -> str:
        """What happened and what helps, in one paragraph."""
        return str(self)
