"""Frozen values at the price of mutable ones.

A frozen dataclass sets each field through `object.__setattr__`, which makes it three times dearer to create
than a mutable one, and the decoder creates little else. So the decoder creates a mutable twin, a class with
the very same slots, whose last act is to become the frozen class. Nobody ever holds a twin.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields
from types import new_class
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
    return cast("Callable[P, T]", _twin(kind, {"__init__": initialise}))


def blank(kind: type[T]) -> Callable[[], Any]:
    """A twin of `kind` with nothing set, for the one place where even the call of a constructor counts.

    Whoever takes one sets every field and then lets it become what it stands for: `twin.__class__ = kind`.
    """
    return _twin(kind, {})


def _twin(kind: Any, namespace: dict[str, Any]) -> type[Any]:  # noqa: ANN401  (any dataclass)
    namespace["__slots__"] = [each.name for each in fields(kind)]
    # The same bases, because only a class of the same layout can become another one.
    bases = getattr(kind, "__orig_bases__", kind.__bases__)
    return new_class(f"Quick{kind.__name__}", bases, exec_body=lambda body: body.update(namespace))
