"""The one error of start-up: what stands in the way, in words for the person at the terminal."""


class CannotServe(Exception):  # noqa: N818 - named for what is so.
    """The server cannot start, or cannot go on. The message is one line, says why, and holds no secret."""
