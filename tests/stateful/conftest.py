"""The examples of these tests are the same each time, whatever else is written or was imported before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis.internal.conjecture import providers


@pytest.fixture(scope="package", autouse=True)
def no_constants_of_ours() -> Iterator[None]:
    """Hypothesis draws some numbers from the constants that it finds in the source of the modules that are loaded.

    It has no setting for that. Where a release looks for them in another way, nothing is changed here.
    """
    with pytest.MonkeyPatch.context() as patch:
        found = getattr(providers, "Constants", None)
        if found is not None and hasattr(providers, "_get_local_constants"):
            patch.setattr(providers, "_get_local_constants", found)
        yield
