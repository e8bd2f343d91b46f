"""Imported models: each format gives the lender's own scores, and what cannot be a champion is refused."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder
from sklearn.svm import LinearSVC

from tasks.contract.load import load_contract
from tasks.extract.labels import read_labels
from tasks.foreign import formats
from tasks.foreign.check_scores import check_scores, find_idle_columns
from tasks.foreign.errors import MissingExtraError, ModelFileError, ModelScoreError, UnfitModelError
from tasks.foreign.formats import list_unknown_types, open_model, refuse_untrusted, require_reader
from tasks.foreign.imported import ImportedModel
from tasks.foreign.opened import find_place
from tasks.foreign.read_import import File, make_imported
from tasks.foreign.sklearn_model import SklearnModel
from tests.support.lender_models import NUMBERS, build_pipeline, convert, fit_pipeline, read_frame
from tests.support.small_model import make_applications

skops_io = pytest.importorskip("skops.io", reason="the extra skops is not installed")
pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
CONTRACT = load_contract("loan_applications")
ROWS = make_applications(CONTRACT, 800, seed=1)
LABELS = read_labels(CONTRACT, ROWS)
PIPELINE = fit_pipeline(ROWS, LABELS)
EXPECTED = PIPELINE.predict_proba(read_frame(ROWS))[:, 1]
MISSING = ROWS.assign(annual_income=np.nan, term=None)  # a lender's table has gaps


def dump(model: Any) -> bytes:
    return bytes(skops_io.dumps(model))


def bring(content: bytes, form: str = "skops", stated: tuple = ((), None), contract=CONTRACT) -> ImportedModel:
    return make_imported(
        contract, File(f"model.{form}", form, content, "0" * 64), open_model(form, content, ()), stated
    )[0]


def bring_estimator(model: Any, stated: tuple = ((), None)) -> ImportedModel:
    return make_imported(CONTRACT, File("model.skops", "skops", b"", "0" * 64), SklearnModel(model), stated)[0]


def pack(model: Any) -> bytes:
    import io

    stream = io.BytesIO()
    joblib.dump(model, stream)
    return stream.getvalue()


FORMATS = {
    "skops": lambda: bring(dump(PIPELINE)),
    "joblib": lambda: bring(pack(PIPELINE), "joblib"),
    "onnx, a table of classes per row": lambda: bring(convert(PIPELINE), "onnx"),
    "onnx, a matrix of probabilities": lambda: bring(convert(PIPELINE, zipmap=False), "onnx"),
}


@pytest.mark.parametrize("name", FORMATS)
def test_it_scores_as_the_lender_does(name):
    model, limit = FORMATS[name](), 1e-5 if "onnx" in name else 0
    assert np.max(np.abs(model.score(ROWS) - EXPECTED)) <= limit
    assert np.max(np.abs(check_scores(model, ROWS) - EXPECTED)) <= limit
    gaps = PIPELINE.predict_proba(read_frame(MISSING))[:, 1]
    assert np.max(np.abs(model.score(MISSING) - gaps)) <= limit
    # A frame of the API: texts as objects, None where one is missing; and in any order of columns.
    served = ROWS[[column.name for column in reversed(CONTRACT.features)]].astype(object)
    assert np.max(np.abs(model.score(served) - EXPECTED)) <= limit
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).score(ROWS), model.score(ROWS))
    assert len(model.score(ROWS.iloc[:0])) == 0


def test_special_values_reach_the_model_as_they_are_and_derived_features_without_them():
    column = next(column for column in CONTRACT.features if column.special)
    derived = next(one for one in CONTRACT.derived if one.numerator)
    special = float(next(iter(column.special)))
    names = (column.name, derived.name)
    frame = ROWS.assign(**{column.name: special})
    values = np.column_stack([np.arange(len(ROWS)) % 7, np.arange(len(ROWS))]).astype(float)
    model = LogisticRegression().fit(values, np.arange(len(ROWS)) % 2)
    imported = bring_estimator(model, (names, None))
    given = imported.passport.make_frame(frame)
    assert (given[column.name] == special).all()
    numerator, denominator = ROWS[derived.numerator], ROWS[derived.denominator]
    np.testing.assert_allclose(given[derived.name], derived.factor * numerator / denominator)


@dataclass
class Constant:
    """A model that says what it is told."""

    answers: Any
    columns: tuple = ("annual_income", "monthly_debt")

    @property
    def feature_names_in_(self):
        return np.array(self.columns)

    classes_ = (0, 1)

    def predict_proba(self, frame):
        answers = self.answers(frame) if callable(self.answers) else np.resize(self.answers, len(frame))
        return np.column_stack([1 - answers, answers])


RANDOM = np.random.default_rng(0)
UNFIT = {
    "same probability": Constant([0.3]),
    "0 and 1 only": Constant([0.0, 1.0]),
    "outside 0 to 1": Constant([0.2, 1.7]),
    "gives no number for 400 of 800": Constant([0.2, np.nan]),
    "other probabilities each time": Constant(lambda frame: RANDOM.random(len(frame))),
    "depends on the other applications": Constant(lambda frame: np.linspace(0, 1, len(frame))),
    "gave": Constant(lambda frame: np.full(3, 0.5)),
}


@pytest.mark.parametrize("words", UNFIT)
def test_scores_that_are_no_probabilities_of_each_row_are_refused(words):
    with pytest.raises(UnfitModelError, match=words):
        check_scores(bring_estimator(UNFIT[words]), ROWS)


def test_a_model_that_fails_is_told_with_its_own_words_and_at_a_terminal_only():
    strict = LogisticRegression().fit(ROWS[list(NUMBERS)].astype(float), LABELS)
    model = bring_estimator(strict)
    with pytest.raises(UnfitModelError, match="contains NaN"):
        check_scores(model, MISSING)
    with pytest.raises(ModelScoreError) as error:
        model.score(MISSING)
    assert "NaN" not in str(error.value)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: LinearRegression().fit(ROWS[["annual_income"]], LABELS), "is a regressor"),
        (lambda: LinearSVC().fit(ROWS[["annual_income"]], LABELS), "decisions and no probabilities"),
        (LogisticRegression, "not fitted"),
        (lambda: {"weights": [1, 2]}, "no model but a dict"),
        (lambda: LogisticRegression().fit(ROWS[["annual_income"]], np.arange(800) % 3), "3 classes"),
        (
            lambda: LogisticRegression().fit(ROWS[["annual_income"]].rename(columns=str.upper), LABELS),
            "not in the contract",
        ),
        (lambda: LogisticRegression().fit(ROWS[["annual_income"]].to_numpy(), LABELS), "without names of columns"),
    ],
)
def test_what_is_no_classifier_of_the_contract_is_refused(make, words):
    with pytest.raises(UnfitModelError, match=words):
        bring_estimator(make())


def test_columns_without_names_are_named_by_a_person():
    model = LogisticRegression().fit(ROWS[["annual_income", "monthly_debt"]].to_numpy(), LABELS)
    named = bring_estimator(model, (("annual_income", "monthly_debt"), None))
    np.testing.assert_array_equal(
        named.score(ROWS), model.predict_proba(ROWS[["annual_income", "monthly_debt"]].to_numpy())[:, 1]
    )
    with pytest.raises(UnfitModelError, match="takes 2 columns, and `columns` names 1"):
        bring_estimator(model, (("annual_income",), None))
    with pytest.raises(UnfitModelError, match="names its columns itself"):
        bring_estimator(PIPELINE, (("annual_income",), None))


@pytest.mark.parametrize(
    ("classes", "stated", "place"),
    [
        ((0, 1), None, 1),
        ((0.0, 1.0), None, 1),
        ((False, True), None, 1),
        (("Loan Given", "Loan Refused"), None, 0),
        (("good", "bad"), "good", 0),
        ((0, 1), "0", 0),
        (None, None, 1),
    ],
)
def test_the_class_of_the_positive_value(classes, stated, place):
    assert find_place(CONTRACT, classes, stated)[0] == place


@pytest.mark.parametrize(("stated", "words"), [(None, "Say with `positive`"), ("fine", "no class 'fine'")])
def test_classes_that_tell_nothing_are_asked_for(stated, words):
    with pytest.raises(UnfitModelError, match=words):
        find_place(CONTRACT, ("good", "bad"), stated)


def test_columns_that_change_nothing_are_told():
    shouted = build_pipeline()
    frame = read_frame(ROWS)
    shouted.set_params(columns__words__categories=[["SHORT TERM", "LONG TERM"], ["RENT", "OWN HOME"]])
    model = bring_estimator(shouted.fit(frame, LABELS))
    assert find_idle_columns(model, ROWS, 1) == ["term", "home_ownership"]
    assert find_idle_columns(bring_estimator(PIPELINE), ROWS, 1) == []


def test_types_that_skops_does_not_know_are_named_and_nothing_is_read(monkeypatch):
    odd = dump(make_pipeline(FunctionTransformer(read_labels), DummyClassifier()))
    assert list_unknown_types(dump(PIPELINE)) == []
    unknown = list_unknown_types(odd)
    assert any("read_labels" in name for name in unknown)
    with pytest.raises(ModelFileError, match=r"Nothing was read.*--trust .*read_labels"):
        refuse_untrusted("skops", unknown, (), False)
    refuse_untrusted("skops", unknown, unknown, False)
    monkeypatch.setattr(skops_io, "loads", lambda *_, **__: pytest.fail("it was read"))
    with pytest.raises(ModelFileError, match="skops cannot read"):
        list_unknown_types(b"no archive")


def test_files_that_cannot_be_read_say_so():
    with pytest.raises(ModelFileError, match="onnxruntime cannot read"):
        open_model("onnx", b"no graph", ())
    with pytest.raises(ModelFileError, match="joblib cannot read"):
        open_model("joblib", b"no pickle", ())


@pytest.mark.parametrize(("form", "extra"), [("skops", "skops"), ("onnx", "onnx")])
def test_a_missing_package_names_the_extra(form, extra, monkeypatch):
    monkeypatch.setattr(formats, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=rf"EXTRAS={extra}.*requirements/{extra}\.lock"):
        require_reader(form)


def test_onnx_graphs_that_do_not_fit_are_refused():
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    numbers = ROWS[["annual_income", "monthly_debt"]].astype(np.float32)
    fitted = LogisticRegression().fit(numbers.to_numpy(), LABELS.astype(int))
    matrix = to_onnx(fitted, initial_types=[("X", FloatTensorType([None, 2]))]).SerializeToString()
    named = bring(matrix, "onnx", (("annual_income", "monthly_debt"), None))
    np.testing.assert_allclose(named.score(ROWS), fitted.predict_proba(numbers.to_numpy())[:, 1], atol=1e-5)
    with pytest.raises(UnfitModelError, match="Name its 2 columns"):
        bring(matrix, "onnx")
    one_row = to_onnx(fitted, initial_types=[("X", FloatTensorType([1, 2]))]).SerializeToString()
    with pytest.raises(UnfitModelError, match="any number of rows"):
        bring(one_row, "onnx", (("annual_income", "monthly_debt"), None))
    words = make_pipeline(OneHotEncoder(), LogisticRegression()).fit(read_frame(ROWS)[["term"]].to_numpy(), LABELS)
    text = to_onnx(words, initial_types=[("annual_income", StringTensorType([None, 1]))]).SerializeToString()
    with pytest.raises(UnfitModelError, match="`annual_income` is a number in the contract"):
        bring(text, "onnx")
    points = LinearRegression().fit(numbers.to_numpy(), 1000 * LABELS)
    regressor = to_onnx(points, initial_types=[("X", FloatTensorType([None, 2]))]).SerializeToString()
    with pytest.raises(UnfitModelError, match="outside 0 to 1"):
        check_scores(bring(regressor, "onnx", (("annual_income", "monthly_debt"), None)), ROWS)
