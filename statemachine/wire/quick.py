"""Frozen values at the price of mutable ones.

A frozen dataclass sets each field through `object.__setattr__`, which makes it three times dearer to create than a
mutable one, and the decoder creates little else. So it creates a mutable twin, a class with the very
same slots, whose last act is to become the frozen class. Nobody ever holds the twin.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, field, fields, make_dataclass
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")


def quick(kind: Callable[P, T]) -> Callable[P, T]:
    """A cheaper constructor for `kind`, a frozen dataclass with slots and no `__post_init__` of its own."""

    def become_frozen(self: Any) -> None:  # noqa: ANN401
        self.__class__ = kind

    twin = make_dataclass(
        f"Quick{kind.__name__}",
        [(each.name, each.type, _plain(each)) for each in fields(cast(Any, kind))],
        namespace={"__post_init__": become_frozen},
        eq=False,
        repr=False,
        slots=True,
    )
    return cast("Callable[P, T]", twin)


def _plain(each: Field[Any]) -> Any:  # noqa: ANN401
    return field() if each.default is MISSING else field(default=each.default)
