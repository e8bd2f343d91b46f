"""Memory: what is no longer used goes back to the system, which a large window needs at its peak."""

from __future__ import annotations

import pyarrow as pa

# Small pieces of memory pile up over the parts; what is given back after each of them would be asked for again at once.
PARTS_TO_RELEASE = 8


def release_memory() -> None:
    """Give back what was freed: the C library keeps small pieces for later ones, and a run has no other use for them.

    Arrow uses the system's allocator (`flows/__init__.py`), and asks it for all of the process.
    """
    pa.default_memory_pool().release_unused()
