"""What all tests share."""

from __future__ import annotations

import signal

# Started in the background by a shell, a process ignores interruptions, and so do its children; the tests of what an
# interruption does need children that hear one.
signal.signal(signal.SIGINT, signal.default_int_handler)
