# What of atheris is used here.
from collections.abc import Callable
from contextlib import AbstractContextManager

def instrument_imports(
    include: list[str] | None = ..., exclude: list[str] | None = ..., enable_loader_override: bool = ...
) -> AbstractContextManager[None]: ...
def Mutate(data: bytes, max_size: int) -> bytes: ...  # noqa: N802
def Setup(  # noqa: N802
    args: list[str],
    test_one_input: Callable[[bytes], None],
    *,
    custom_mutator: Callable[[bytes, int, int], bytes] | None = ...,
) -> list[str]: ...
def Fuzz() -> None: ...  # noqa: N802
