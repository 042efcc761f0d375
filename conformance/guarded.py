"""A fault of the tester's own ends the case in which it happens, and no other."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from .verdict import Result


class Breakable(Protocol):
    """The run of a case, as far as a fault of the tester's own concerns it."""

    result: Result | None

    def break_off(self, error: Exception) -> None:
        """End the case: the tester itself has failed."""
        ...


P = ParamSpec("P")
S = TypeVar("S", bound=Breakable)


def guarded(method: Callable[Concatenate[S, P], None]) -> Callable[Concatenate[S, P], None]:
    """A fault of our own ends this case and no other: several run side by side, and the carrier knows no cases."""

    @wraps(method)
    def called(self: S, /, *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            method(self, *args, **kwargs)
        except Exception as error:
            if self.result is not None:
                raise
            self.break_off(error)

    return called
