"""What all tests share."""

from __future__ import annotations

import signal

import pytest

from .certificates import Certificates, make_certificates

# Started in the background by a shell, a process ignores interruptions, and so do its children; the tests of what an
# interruption does need children that hear one.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Certificates for TLS, good ones and bad ones, made once for a process of tests."""
    return make_certificates(tmp_path_factory.mktemp("certificates"))
