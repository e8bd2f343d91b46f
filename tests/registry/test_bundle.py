"""Bundles: whole or not at all, and nothing is unpickled that is not what was registered."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import joblib
import numpy as np
import pytest

from tasks.contract.load import load_contract
from tasks.models.scoring import score
from tasks.registry import bundle as bundle_module
from tasks.registry.bundle import FILES, MANIFEST, BundleError, StoreError, load_bundle, save_bundle
from tests.support.small_model import find_bundle, make_applications

CONTRACT = load_contract("loan_applications")


@pytest.fixture
def saved(tmp_path):
    """The location, its sum, and the folder."""
    location, sha256 = save_bundle(find_bundle(), str(tmp_path / "models"), "one")
    return location, sha256, tmp_path / "models" / "one"


@pytest.fixture
def no_unpickling(monkeypatch):
    def refuse(*_):
        pytest.fail("something was unpickled")

    monkeypatch.setattr(joblib, "load", refuse)


def test_a_bundle_comes_back_as_it_was(saved):
    location, sha256, folder = saved
    again = load_bundle(location, sha256)
    applications = make_applications(CONTRACT, 50, seed=3)
    np.testing.assert_array_equal(score(again.pipeline, applications), score(find_bundle().pipeline, applications))
    np.testing.assert_array_equal(again.customers.hashes, find_bundle().customers.hashes)
    assert (again.metrics, again.card) == (find_bundle().metrics, find_bundle().card)
    assert {file.name for file in folder.iterdir()} == {*FILES, MANIFEST}
    assert [file.name for file in folder.parent.iterdir()] == ["one"]


@pytest.mark.parametrize("name", [*FILES, MANIFEST])
def test_one_flipped_byte_is_refused(saved, name, no_unpickling):
    location, sha256, folder = saved
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(BundleError, match="changed or damaged") as error:
        load_bundle(location, sha256)
    assert name in str(error.value)
    assert "flows.rollback" in str(error.value)
    assert "flows.train" in str(error.value)


@pytest.mark.parametrize("name", [*FILES, MANIFEST])
def test_a_truncated_file_is_refused(saved, name, no_unpickling):
    location, sha256, folder = saved
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[:-10])
    with pytest.raises(BundleError, match="changed or damaged"):
        load_bundle(location, sha256)


@pytest.mark.parametrize("name", [*FILES, MANIFEST])
def test_a_missing_file_is_told(saved, name, no_unpickling):
    location, sha256, folder = saved
    (folder / name).unlink()
    with pytest.raises(BundleError, match="cannot be read"):
        load_bundle(location, sha256)


def test_a_bundle_that_is_gone_is_told(saved):
    location, sha256, folder = saved
    shutil.rmtree(folder)
    with pytest.raises(BundleError, match=r"flows\.rollback.*flows\.train"):
        load_bundle(location, sha256)


def test_a_link_out_of_the_store_is_refused(saved, tmp_path, no_unpickling):
    location, sha256, folder = saved
    (folder / "model.joblib").rename(tmp_path / "elsewhere")
    (folder / "model.joblib").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BundleError, match="is a link"):
        load_bundle(location, sha256)


@pytest.mark.parametrize(
    "change",
    [
        lambda files: files | {"../../etc/passwd": "0" * 64},
        lambda files: files | {"/tmp/evil.joblib": "0" * 64},
        lambda files: {name: files[name] for name in files if name != "card.md"},
        lambda files: {},
    ],
)
def test_a_manifest_that_names_other_files_is_refused(saved, change, no_unpickling):
    """Even one that the registry vouches for."""
    location, _, folder = saved
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["files"] = change(manifest["files"])
    (folder / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match="does not fit a bundle"):
        load_bundle(location, hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest())


def test_a_bundle_of_another_library_major_is_refused(tmp_path, monkeypatch, no_unpickling):
    monkeypatch.setattr(bundle_module, "find_version", lambda _: "99.1.0")
    location, sha256 = save_bundle(find_bundle(), str(tmp_path), "one")
    monkeypatch.undo()
    monkeypatch.setattr(joblib, "load", lambda *_: pytest.fail("unpickled"))
    with pytest.raises(BundleError, match=r"made with scikit-learn 99\.1\.0.*lock file"):
        load_bundle(location, sha256)


def test_a_bundle_is_never_written_over_another(saved, tmp_path):
    with pytest.raises(StoreError, match="cannot be written"):
        save_bundle(find_bundle(), str(tmp_path / "models"), "one")
    load_bundle(*saved[:2])


def test_a_store_that_cannot_be_written_is_told_and_left_clean(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="`models`"):
        save_bundle(find_bundle(), str(tmp_path / "file" / "models"), "one")
    store = tmp_path / "models"

    def run_full(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fsspec.implementations.local.LocalFileSystem.mv", run_full)
    with pytest.raises(StoreError, match="No space left"):
        save_bundle(find_bundle(), str(store), "one")
    assert list(store.iterdir()) == []


def test_a_store_may_be_any_fsspec_url():
    location, sha256 = save_bundle(find_bundle(), "memory://models", "one")
    assert load_bundle(location, sha256).card == find_bundle().card


def test_no_identifier_of_an_applicant_is_in_a_bundle(saved):
    applications = make_applications(CONTRACT)
    content = b"".join(Path(file).read_bytes() for file in saved[2].iterdir())
    pickled = joblib.load(saved[2] / "model.joblib")
    assert not any(str(name).encode() in content for name in applications[CONTRACT.id.name][:20])
    assert "loan_id-0-1" not in repr(pickled.__getstate__())
