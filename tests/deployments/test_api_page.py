"""The scoring API's own page and description: open to a browser, complete, offline, and with an example that works."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from blocks.postgres.connect import Database
from deployments.api.limits import make_example
from tasks.contract.load import load_contract
from tests.support.browser import needs_chromium, open_tab
from tests.support.scoring_api import CONTRACT, make_request, serve
from tests.support.second_lender import CONTRACT as SECOND_CONTRACT
from tests.support.wait import wait_until

KEY = {"X-API-Key": "s3cret"}


@pytest.fixture(scope="module")
def guarded(place) -> Iterator[httpx.Client]:
    """The API with a key."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOANWATCH_DATABASE_URL", place.render_as_string(hide_password=False))
        patch.setenv("LOANWATCH_API_KEY", "s3cret")
        with serve(database=Database("environment"), contract=CONTRACT) as client:
            yield client


def test_with_a_key_in_the_environment_requests_need_it(guarded):
    for answer in (
        guarded.post("/predict", json=make_request()),
        guarded.get("/model"),
        guarded.get("/metrics"),
        guarded.get("/model", headers={"X-API-Key": "wrong"}),
        guarded.get("/docs/oauth2-redirect"),
        guarded.get("/static"),
        guarded.get("/nothing"),
    ):
        assert answer.status_code == 401
        assert "X-API-Key" in answer.json()["detail"]
    assert guarded.post("/predict", json=make_request(), headers=KEY).status_code == 200


def test_health_and_description_need_no_key(guarded):
    for path in ("/ping", "/docs", "/openapi.json", "/static/swagger-ui.css"):
        assert guarded.get(path).status_code == 200
    # What stands below a folder that is open is the page's own files and nothing else.
    for path in ("/static/%2e%2e/model", "/static//model", "/static/../../core.py"):
        assert guarded.get(path).status_code in (401, 404)


def test_the_description_names_the_key_and_every_refusal(guarded, monkeypatch):
    described = guarded.get("/openapi.json").json()
    (scheme,) = described["components"]["securitySchemes"].values()
    assert (scheme["type"], scheme["in"], scheme["name"]) == ("apiKey", "header", "X-API-Key")
    predict = described["paths"]["/predict"]["post"]
    assert predict["security"]
    assert set(predict["responses"]) == {"200", "401", "413", "422", "503"}
    assert "mistakes" in described["components"]["schemas"]["Mistakes"]["properties"]
    assert "security" not in described["paths"]["/ping"]["get"]
    # Without a key nobody is asked for one.
    monkeypatch.delenv("LOANWATCH_API_KEY")
    with serve(database=Database("environment"), contract=CONTRACT) as client:
        open_to_all = client.get("/openapi.json").json()
    assert "securitySchemes" not in open_to_all["components"]
    assert set(open_to_all["paths"]["/predict"]["post"]["responses"]) == {"200", "413", "422", "503"}


def test_the_examples_of_the_description_work_as_they_stand(guarded):
    described = guarded.get("/openapi.json").json()["paths"]["/predict"]["post"]["requestBody"]
    examples = described["content"]["application/json"]["examples"]
    assert len(examples) == 2
    for example in examples.values():
        for said in guarded.post("/predict", json=example["value"], headers=KEY).raise_for_status().json():
            assert said["id"] == "A-1"
            assert said["warnings"] == []


def test_an_example_has_a_value_for_every_feature_of_any_contract():
    contract = load_contract(SECOND_CONTRACT)
    example = make_example(contract)
    assert {column.name for column in contract.features} <= example.keys()
    assert None not in example.values()


@needs_chromium
@pytest.mark.slow
def test_a_person_signs_in_and_tries_the_example_without_another_server(guarded, tmp_path):
    click = "[...document.querySelectorAll('button')].find(one => one.textContent.trim() === '{}').click()"
    with open_tab(tmp_path) as tab:
        seen = tab.visit(f"{guarded.base_url}/docs", 1400)
        wait_until(lambda: tab.run("!!document.querySelector('.btn.authorize')"), 60, "the page")
        tab.run("document.querySelector('.btn.authorize').click()")
        wait_until(lambda: tab.run("!!document.querySelector('.auth-container input')"), 60, "the dialogue")
        fill = "HTMLInputElement.prototype, 'value').set.call(field, 's3cret')"
        tab.run(
            f"const field = document.querySelector('.auth-container input'); Object.getOwnPropertyDescriptor({fill};"
            "field.dispatchEvent(new Event('input', {bubbles: true}))"
        )
        tab.run("document.querySelector('.auth-container .btn.authorize').click()")
        tab.run("document.querySelector('.btn-done').click()")
        tab.run("document.querySelector('.opblock-post .opblock-summary-control').click()")
        wait_until(lambda: tab.run("!!document.querySelector('.opblock-post .execute')"), 60, "the form")
        tab.run(click.format("Execute"))
        told = "document.querySelector('.live-responses-table .response .microlight')?.textContent"
        (answer,) = json.loads(wait_until(lambda: tab.run(told), 60, "the answer"))
    assert answer["id"] == "A-1"
    assert all(request.startswith(str(guarded.base_url)) for request in seen.requests)
    assert seen.complaints == []
