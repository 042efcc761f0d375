"""A bounded memory of what was computed, because names and items repeat.

The same peers propose the same contexts and tell the same about themselves in one association after the
other, with the same few dozen UIDs. So what a check has passed once is not gone through again. What is
refused is never remembered, and neither is what is long, so that no peer can make a memo large.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

UID_CACHE_SIZE: Final = 1024
"""How many entries a memo has at most."""

KEY_MAXIMUM: Final = 256
"""How long what is remembered may be, in characters or octets."""

Key = TypeVar("Key", bound=str | bytes)
Result = TypeVar("Result")


class Memo(dict[Key, Result]):
    """Remembers a pure function: `memo[key]` computes what is not there yet.

    When it is full it starts afresh. A look-up that hits is a plain look-up in a dict, at half the price of
    `functools.lru_cache`. `secret` says of a result that it must not be kept.
    """

    def __init__(
        self, compute: Callable[[Key], Result], secret: Callable[[Result], bool] | None = None
    ) -> None:
        super().__init__()
        self._compute = compute
        self._secret = secret

    def __missing__(self, key: Key) -> Result:
        result = self._compute(key)
        if len(key) > KEY_MAXIMUM or (self._secret is not None and self._secret(result)):
            return result
        if len(self) >= UID_CACHE_SIZE:
            self.clear()
        self[key] = result
        return result
