"""The bundle of an imported model: the lender's own file in it, checked before it is read."""

from __future__ import annotations

import hashlib
import json

import joblib
import numpy as np
import pytest

from tasks.contract.load import load_contract
from tasks.foreign import formats
from tasks.foreign.errors import MissingExtraError
from tasks.registry.bundle import FILES, MANIFEST, BundleError, OtherLibrariesError, load_bundle, read_card, save_bundle
from tests.support.lender_models import make_imported_bundle
from tests.support.small_model import make_applications

skops_io = pytest.importorskip("skops.io", reason="the extra skops is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
CONTRACT = load_contract("loan_applications")
FORMS = ("skops", "joblib", "onnx")


@pytest.fixture(params=FORMS)
def saved(request, tmp_path):
    """The format, the bundle, its location, its sum and its folder."""
    bundle = make_imported_bundle(CONTRACT, request.param)
    location, sha256 = save_bundle(bundle, str(tmp_path / "models"), "one")
    return request.param, bundle, location, sha256, tmp_path / "models" / "one"


@pytest.fixture
def nothing_is_read(monkeypatch):
    def refuse(*_, **__):
        pytest.fail("the model was read")

    monkeypatch.setattr(joblib, "load", refuse)
    monkeypatch.setattr(skops_io, "loads", refuse)
    monkeypatch.setattr(onnxruntime, "InferenceSession", refuse)


def test_it_comes_back_and_holds_the_lenders_file(saved):
    form, bundle, location, sha256, folder = saved
    again = load_bundle(location, sha256)
    rows = make_applications(CONTRACT, 60, seed=3)
    np.testing.assert_array_equal(again.scorer.score(rows), bundle.scorer.score(rows))
    assert {file.name for file in folder.iterdir()} == {*FILES, f"model.{form}", "imported.json", MANIFEST}
    content = (folder / f"model.{form}").read_bytes()
    assert hashlib.sha256(content).hexdigest() == bundle.scorer.passport.sha256
    assert again.scorer.passport == bundle.scorer.passport
    libraries = json.loads((folder / MANIFEST).read_text())["libraries"]
    assert ("onnxruntime" in libraries) == (form == "onnx")
    assert ("scikit-learn" in libraries) == (form != "onnx")


@pytest.mark.parametrize("name", ["model", "imported.json", MANIFEST])
@pytest.mark.parametrize("harm", ["flip", "cut"])
def test_a_tampered_file_is_refused_before_anything_is_read(saved, name, harm, nothing_is_read):
    form, _, location, sha256, folder = saved
    file = folder / (f"model.{form}" if name == "model" else name)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content if harm == "flip" else content[:-7])
    with pytest.raises(BundleError, match="changed or damaged") as error:
        load_bundle(location, sha256)
    assert file.name in str(error.value)


def test_a_model_without_its_passport_is_no_bundle(saved, nothing_is_read):
    """Else an imported pickle would pass for a model of loanwatch's."""
    form, _, location, _, folder = saved
    manifest = json.loads((folder / MANIFEST).read_text())
    for gone in ([f"model.{form}"], ["imported.json"] if form != "joblib" else [f"model.{form}", "imported.json"]):
        files = {name: sha for name, sha in manifest["files"].items() if name not in gone}
        (folder / MANIFEST).write_text(json.dumps(manifest | {"files": files}))
        with pytest.raises(BundleError, match="does not fit a bundle"):
            load_bundle(location, hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest())


def test_another_release_of_what_reads_it_is_told(saved, nothing_is_read):
    form, bundle, location, _, folder = saved
    manifest = json.loads((folder / MANIFEST).read_text())
    reader = "onnxruntime" if form == "onnx" else "scikit-learn"
    manifest["libraries"][reader] = "0.1.0"
    (folder / MANIFEST).write_text(json.dumps(manifest))
    sha256 = hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
    with pytest.raises(OtherLibrariesError, match=rf"{reader} 0\.1\.0"):
        load_bundle(location, sha256)
    assert read_card(location, sha256) == bundle.card


@pytest.mark.parametrize("form", ["skops", "onnx"])
def test_without_the_extra_the_message_names_it(form, tmp_path, monkeypatch):
    location, sha256 = save_bundle(make_imported_bundle(CONTRACT, form), str(tmp_path), "one")
    monkeypatch.setattr(formats, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=f"extra `{form}`"):
        load_bundle(location, sha256)
