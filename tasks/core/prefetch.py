"""Prefetch: the next item of an iterator is made by a thread, while the last one is worked on."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")
_END: Any = object()


def prefetch(items: Generator[T, None, None]) -> Iterator[T]:
    """The same items, one ahead. All of the generator runs in one thread, its end too, whatever ends this one."""
    pool = ThreadPoolExecutor(1, "prefetch")
    try:
        waiting = pool.submit(next, items, _END)
        while (item := waiting.result()) is not _END:
            waiting = pool.submit(next, items, _END)
            yield item
            del item
    finally:
        pool.submit(items.close)
        pool.shutdown()
