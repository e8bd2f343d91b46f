"""Routes: which parts of a large window need the records of which customers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from tasks.core.arrays import Codes, Integers, Keys


class Routes:
    """The parts in which each customer has applications, by the hash of the customer: twelve bytes an application.

    Parameters
    ----------
    customers : array of n
        The hashes of the applications' customers.
    parts : array of n
        The part of each application, from 0.
    """

    def __init__(self, customers: Keys, parts: Codes) -> None:
        order = np.lexsort((parts, customers))
        customers, parts = customers[order], parts[order]
        is_new = np.ones(len(order), np.bool_)
        is_new[1:] = (customers[1:] != customers[:-1]) | (parts[1:] != parts[:-1])
        self._customers, self._parts = customers[is_new], parts[is_new]

    def find(self, customers: Keys) -> tuple[Integers, Integers]:
        """For records of these customers: the place of each record that a part needs, and that part.

        Examples
        --------
        >>> routes = Routes(np.array([7, 9, 7], np.uint64), np.array([0, 0, 2]))
        >>> [found.tolist() for found in routes.find(np.array([9, 8, 7], np.uint64))]
        [[0, 2, 2], [0, 0, 2]]
        """
        order = np.argsort(customers)  # neighbours are looked up among neighbours, which memory has at hand
        first = np.empty(len(order), np.int64)
        counts = np.empty(len(order), np.int64)
        first[order] = np.searchsorted(self._customers, customers[order], "left")
        counts[order] = np.searchsorted(self._customers, customers[order], "right")
        counts -= first
        rows = np.repeat(np.arange(len(order)), counts)
        within = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
        return rows, self._parts[first[rows] + within].astype(np.int64)


def split_rows(table: pa.Table, parts: Integers) -> Iterator[tuple[int, pa.Table]]:
    """The rows of each part in their order, with the part's number."""
    order = np.argsort(parts, kind="stable")
    arranged, ordered = table.take(pa.array(order)), parts[order]
    ends = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], np.ones(min(len(ordered), 1), np.bool_))) + 1
    start = 0
    for end in ends.tolist():
        yield int(ordered[start]), arranged.slice(start, end - start)
        start = end
