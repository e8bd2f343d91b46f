"""Customers in a model's training data, as salted hashes, so that no model is tested on its own customers."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tasks.core.arrays import Keys, Mask

SALT_BYTES = 16


@dataclass(frozen=True, eq=False)
class Customers:
    """The sorted hashes of the customers' keys (`Prepared.keys`) with a salt of this bundle only.

    The hashes of two bundles cannot be matched, nor looked up in a precomputed table.
    """

    salt: bytes
    hashes: Keys

    def contains(self, keys: Keys) -> Mask:
        """Which of the keys belong to these customers."""
        return np.isin(_hash(keys, self.salt), self.hashes)


def hash_customers(keys: Keys, salt: bytes | None = None) -> Customers:
    """The customers of training rows; the salt is random unless given."""
    salt = secrets.token_bytes(SALT_BYTES) if salt is None else salt
    return Customers(salt, np.unique(_hash(np.unique(keys), salt)))


def save_customers(customers: Customers, path: Path) -> None:
    """Write them as one file of plain arrays."""
    np.savez_compressed(path, salt=np.frombuffer(customers.salt, np.uint8), hashes=customers.hashes)


def load_customers(path: Path) -> Customers:
    """Read what `save_customers` wrote. Raises OSError or ValueError; nothing is unpickled."""
    with np.load(path, allow_pickle=False) as arrays:
        return Customers(arrays["salt"].tobytes(), arrays["hashes"])


def _hash(keys: Keys, salt: bytes) -> Keys:
    distinct, place = np.unique(keys, return_inverse=True)
    digests = (hashlib.blake2b(key.tobytes(), key=salt, digest_size=8).digest() for key in distinct)
    return np.frombuffer(b"".join(digests), np.uint64)[place]
