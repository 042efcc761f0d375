"""Frozen values at the price of mutable ones.

A frozen dataclass sets each field through `object.__setattr__`, which makes it three times dearer to create
than a mutable one, and the decoder creates little else. So the decoder creates a mutable twin, a class with
the very same slots, whose last act is to become the frozen class. Nobody ever holds a twin.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")


def quick(kind: Callable[P, T]) -> Callable[P, T]:
    """A cheaper constructor for `kind`, a frozen dataclass with slots and no `__post_init__` of its own."""
    described = fields(cast(Any, kind))
    names = [each.name for each in described]
    # Like dataclasses and namedtuple: a function with just these arguments has to be written out as text.
    assignments = "".join(f"    self.{name} = {name}\n" for name in names)
    source = f"def __init__(self, {', '.join(names)}):\n{assignments}    self.__class__ = kind\n"
    namespace: dict[str, Any] = {"kind": kind}
    exec(source, namespace)
    initialise = namespace["__init__"]
    initialise.__defaults__ = tuple(each.default for each in described if each.default is not MISSING)
    twin = type(f"Quick{kind.__name__}", (), {"__slots__": names, "__init__": initialise})
    return cast("Callable[P, T]", twin)
