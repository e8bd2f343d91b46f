"""Bundles: whole or not at all, and nothing is unpickled that is not what was registered."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from datetime import date
from functools import partial
from pathlib import Path

import joblib
import numpy as np
import pytest

from flows import monitor, train
from tasks.contract.load import load_contract
from tasks.core.windows import Window
from tasks.models.scoring import score
from tasks.registry import bundle as bundle_module
from tasks.registry.bundle import (
    FILES,
    MANIFEST,
    BundleError,
    OtherLibrariesError,
    StoreError,
    keep_bundles,
    load_bundle,
    read_card,
    save_bundle,
)
from tasks.registry.promote import NewVersion, Promotion, hash_evidence, promote, register
from tasks.registry.versions import find_champion, load_current
from tasks.schema.migrate import prepare_schema
from tests.support.small_model import METRICS, WINDOW, find_bundle, make_applications

# Saved with NumPy 1.26, pandas 2.3 and scikit-learn 1.7, by `save_bundle(find_bundle(), …)`.
OLD = Path(__file__).parent / "old_stack"
FEBRUARY = Window(date(2024, 2, 1), date(2024, 2, 29))
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
    np.testing.assert_array_equal(score(again.scorer, applications), score(find_bundle().scorer, applications))
    np.testing.assert_array_equal(again.customers.hashes, find_bundle().customers.hashes)
    assert (again.metrics, again.card) == (find_bundle().metrics, find_bundle().card)
    assert {file.name for file in folder.iterdir()} == {*FILES, "model.joblib", MANIFEST}
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


def test_a_backfill_reads_a_bundle_once(saved):
    location, sha256, folder = saved
    with keep_bundles():
        kept = load_bundle(location, sha256)
        shutil.rmtree(folder)
        assert load_bundle(location, sha256) is kept
    with pytest.raises(BundleError):
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


def install_old_champion(connection):
    """The fixture as the champion of January 2024, as an installation has it that was upgraded since."""
    sha256 = hashlib.sha256((OLD / MANIFEST).read_bytes()).hexdigest()
    new = NewVersion(CONTRACT.name, "test", "gradient_boosting", METRICS, str(OLD), sha256, (WINDOW,))
    version = register(connection, new)
    evidence = hash_evidence({"why": "test"})
    promote(connection, Promotion(CONTRACT.name, "test", date(2024, 2, 1), None, version, "A test.", evidence))


@pytest.mark.parametrize("find", [partial(find_champion, window=FEBRUARY), load_current])
def test_a_champion_of_the_old_stack_is_refused_with_the_command_that_refits_it(engine, find, no_unpickling):
    prepare_schema(engine)
    with engine.begin() as connection:
        install_old_champion(connection)
        with pytest.raises(OtherLibrariesError) as error:
            find(connection, CONTRACT.name)
    assert "scikit-learn 1.7.2" in str(error.value)
    assert "numpy 1.26.4" in str(error.value)
    assert "`python -m flows.train --replace --start 2024-01-01 --end 2024-01-31`" in str(error.value)


def test_the_card_of_a_model_of_the_old_stack_can_be_read(no_unpickling):
    sha256 = hashlib.sha256((OLD / MANIFEST).read_bytes()).hexdigest()
    assert read_card(str(OLD), sha256) == "# A small model\n"


@pytest.mark.slow
def test_the_named_command_refits_it_and_the_month_is_judged(demo, tmp_path, capfd):
    prepare_schema(demo)
    with demo.begin() as connection:
        install_old_champion(connection)
    places = ["--models", str(tmp_path / "models"), "--results", str(tmp_path / "results")]
    may = ["--start", "2024-05-01", "--end", "2024-05-31"]
    assert monitor.app([*may, *places], result_action="return_value") == 1
    (named,) = re.findall(r"`python -m flows\.train (.*?)`", " ".join(capfd.readouterr().err.split()))
    assert train.app([*named.split(), *places], result_action="return_value") == 0
    assert monitor.app([*may, *places], result_action="return_value") == 0


@pytest.mark.parametrize(
    ("library", "then", "is_read"),
    [
        ("scikit-learn", "1.9.0", True),
        ("scikit-learn", "1.8.2", False),
        ("numpy", "2.0.0", True),
        ("numpy", "1.26.4", False),
        ("pandas", "2.3.3", False),
    ],
)
def test_which_versions_of_a_library_read_a_bundle(tmp_path, monkeypatch, library, then, is_read):
    now = {"scikit-learn": "1.9.1", "numpy": "2.5.5", "pandas": "3.1.1", "joblib": "1.6.0"}
    monkeypatch.setattr(bundle_module, "find_version", {**now, library: then}.get)
    location, sha256 = save_bundle(find_bundle(), str(tmp_path), "one")
    monkeypatch.setattr(bundle_module, "find_version", now.get)
    if is_read:
        load_bundle(location, sha256)
    else:
        with pytest.raises(OtherLibrariesError, match=f"{library} {then}"):
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


def test_a_store_of_objects_has_no_folder_to_rename(monkeypatch):
    def refuse(*_args, **_options):
        raise FileNotFoundError("The specified key does not exist.")

    monkeypatch.setattr("fsspec.implementations.memory.MemoryFileSystem.mv", refuse)
    location, sha256 = save_bundle(find_bundle(), "memory://objects", "one")
    assert load_bundle(location, sha256).card == find_bundle().card
    with pytest.raises(StoreError, match="exists"):
        save_bundle(find_bundle(), "memory://objects", "one")
    assert load_bundle(location, sha256).card == find_bundle().card, "what was there is still there"


def test_no_identifier_of_an_applicant_is_in_a_bundle(saved):
    applications = make_applications(CONTRACT)
    content = b"".join(Path(file).read_bytes() for file in saved[2].iterdir())
    pickled = joblib.load(saved[2] / "model.joblib")
    assert not any(str(name).encode() in content for name in applications[CONTRACT.id.name][:20])
    assert "loan_id-0-1" not in repr(pickled.__getstate__())
