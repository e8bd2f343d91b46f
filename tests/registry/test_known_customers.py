"""Customers kept as salted hashes: known ones are found, others are not, and two bundles cannot be matched."""

import numpy as np

from tasks.registry.known_customers import hash_customers, load_customers, save_customers

KEYS = np.arange(1000, dtype=np.uint64) * np.uint64(7919)


def test_known_customers_are_found_and_others_are_not(tmp_path):
    save_customers(hash_customers(KEYS[:500]), tmp_path / "customers.npz")
    known = load_customers(tmp_path / "customers.npz")
    np.testing.assert_array_equal(known.contains(KEYS), np.arange(1000) < 500)
    assert not known.contains(KEYS[:0]).size


def test_hashes_of_two_bundles_do_not_match():
    one, two = hash_customers(KEYS), hash_customers(KEYS)
    assert not np.isin(one.hashes, two.hashes).any()
    assert not np.isin(one.hashes, KEYS).any()


def test_nobody_is_nobody():
    assert not hash_customers(KEYS[:0]).contains(KEYS).any()
