"""What pip was told, uv does too."""

from __future__ import annotations

import sys

import pytest

from requirements.sources import choose_variables, help_old_pip, read_pip_settings

DEFAULTS = {"UV_SYSTEM_CERTS": "1", "UV_INDEX_STRATEGY": "unsafe-best-match"}


@pytest.mark.parametrize(
    ("settings", "environment", "added"),
    [
        ({}, {}, {}),
        ({"index-url": "https://m/simple"}, {}, {"UV_DEFAULT_INDEX": "https://m/simple"}),
        ({"extra-index-url": "\nhttps://a\nhttps://b"}, {}, {"UV_INDEX": "https://a https://b"}),
        ({"find-links": "/a /b"}, {}, {"UV_FIND_LINKS": "/a,/b"}),
        ({"trusted-host": "a b:8443"}, {}, {"UV_INSECURE_HOST": "a b:8443"}),
        ({"no-index": "true"}, {}, {"PIP_NO_INDEX": "1"}),
        ({"no-index": "false"}, {}, {}),
        ({"cert": "/ca.pem"}, {"SSL_CERT_FILE": "/other.pem"}, {"SSL_CERT_FILE": "/ca.pem"}),
        ({}, {"REQUESTS_CA_BUNDLE": "/ca.pem"}, {"SSL_CERT_FILE": "/ca.pem"}),
        ({}, {"REQUESTS_CA_BUNDLE": "/ca.pem", "SSL_CERT_FILE": "/other.pem"}, {}),
        ({"cert": "/"}, {}, {"SSL_CERT_DIR": "/"}),
        # What was said to uv itself counts, under its older names too, and pip has to bring uv from the same place.
        ({"index-url": "https://m"}, {"UV_DEFAULT_INDEX": "https://mine"}, {}),
        ({"index-url": "https://m"}, {"UV_INDEX_URL": "https://mine"}, {}),
        ({}, {"UV_DEFAULT_INDEX": "https://mine"}, {"PIP_INDEX_URL": "https://mine"}),
    ],
)
def test_pips_settings_become_uvs_variables(settings, environment, added):
    assert choose_variables(settings, environment) == DEFAULTS | added


def test_what_the_user_said_to_uv_is_left():
    assert choose_variables({}, {"UV_SYSTEM_CERTS": "0", "UV_INDEX_STRATEGY": "first-index"}) == {}


def test_pips_proxy_is_everybodys():
    variables = choose_variables({"proxy": "user@proxy:3128"}, {"HTTPS_PROXY": "http://other"})
    assert {name for name, value in variables.items() if value == "http://user@proxy:3128"} == {
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "http_proxy",
        "https_proxy",
    }


def test_the_environment_counts_more_than_the_file(tmp_path):
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://file\ncert = /a b.pem\n[install]\ntimeout = 9\n")
    variables = {"PIP_CONFIG_FILE": str(tmp_path / "pip.conf"), "PIP_INDEX_URL": "https://said", "PIP_QUIET": "1"}
    settings = read_pip_settings(sys.executable, variables)
    assert {name: settings[name] for name in ("index-url", "cert", "timeout")} == {
        "index-url": "https://said",
        "cert": "/a b.pem",
        "timeout": "9",
    }


def test_only_an_old_pip_is_told_where_the_systems_certificates_are(tmp_path, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "store.pem"))
    (tmp_path / "store.pem").touch()
    assert help_old_pip((23, 2), {}) == {"PIP_CERT": str(tmp_path / "store.pem")}
    assert help_old_pip((23, 2), {"REQUESTS_CA_BUNDLE": "/mine.pem"}) == {}
    assert help_old_pip((24, 2), {}) == {}
