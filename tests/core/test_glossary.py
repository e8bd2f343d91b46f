"""The glossary: short, unambiguous, and the same in the pages and in the document."""

import re
from collections import Counter
from dataclasses import FrozenInstanceError

import pytest

from tasks.core.findings import Outcome, Question, Verdict
from tasks.core.glossary import find_term, load_glossary, render_glossary
from tests.support import ROOT


def test_the_document_is_what_the_glossary_renders():
    written = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    assert written == render_glossary(), "run: python -m tasks.core.glossary > docs/glossary.md"


@pytest.mark.parametrize("term", load_glossary().values(), ids=lambda term: term.name)
def test_a_meaning_is_one_or_two_whole_sentences(term):
    assert term.meaning.endswith(".")
    assert 1 <= len(re.findall(r"[.!?](?=\s|$)", term.meaning)) <= 2


def test_no_word_has_two_meanings():
    words = Counter(word.casefold() for term in load_glossary().values() for word in (term.name, *term.also))
    assert [word for word, times in words.items() if times > 1] == []


@pytest.mark.parametrize("word", [*Outcome, *Verdict, "data drift", "label drift", "concept drift", "model drift"])
def test_what_a_page_shows_is_explained(word):
    assert find_term(word) is not None


def test_terms_are_found_by_their_other_words_in_any_case():
    assert find_term("auc") is find_term("Area under the ROC curve") is load_glossary()["AUC"]
    assert find_term("no such term") is None


def test_every_question_is_a_term_or_a_drift():
    for question in Question:
        assert find_term(str(question)) or find_term(f"{question} drift")


def test_the_glossary_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        load_glossary()["AUC"].meaning = "other"
    with pytest.raises(TypeError):
        load_glossary()["other"] = load_glossary()["AUC"]
