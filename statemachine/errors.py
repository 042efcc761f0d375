"""What goes wrong on our own side of the wire.

There are three channels, never mixed. The peer's misbehaviour is data: a transition of a table and a
`Violation`. A mistake of our caller raises `LocalProtocolError` and changes nothing. A bug of ours fails
an assertion. One call raises what is no mistake: accept, where TCP lets it report a peer's reset (`FailCall`).
"""

from __future__ import annotations


class LocalProtocolError(Exception):
    """The caller asked for something that the machine's state does not allow; nothing was changed, but for `reset`.

    `code` is one of the family of outcome codes (`wrong_state`, `not_initialised`, `would_block`, ...);
    the text says what was asked, in which state, and what the state allows.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message

    def __reduce__(self) -> tuple[type[LocalProtocolError], tuple[str, str]]:
        return (type(self), (self.code, self.message))


class SecurityError(LocalProtocolError):
    """A security layer cannot be configured as asked: a file, a password, a key, a profile.

    The text says which file or name, what is wrong with it and what to do; never a password or a key.
    """

    def __init__(self, message: str) -> None:
        super().__init__("invalid_argument", message)

    def __reduce__(self) -> tuple[type[SecurityError], tuple[str]]:  # type: ignore[override]
        return (type(self), (self.message,))
