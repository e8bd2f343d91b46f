"""Where packages come from: pip's settings, told to uv.

A company names its mirror, its proxy and its certificates in pip.conf or in PIP_… variables. uv, which is much
faster than pip, reads neither. `python requirements/sources.py COMMAND …` runs pip or uv with the settings of both.
"""

from __future__ import annotations

import ast
import os
import re
import ssl
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

# pip's setting; uv's variable, then its older name; what separates several values there.
FROM_PIP = {
    "index-url": ("UV_DEFAULT_INDEX", "UV_INDEX_URL", " "),
    "extra-index-url": ("UV_INDEX", "UV_EXTRA_INDEX_URL", " "),
    "find-links": ("UV_FIND_LINKS", "", ","),
    "trusted-host": ("UV_INSECURE_HOST", "", " "),
    "timeout": ("UV_HTTP_TIMEOUT", "", " "),
    "default-timeout": ("UV_HTTP_TIMEOUT", "", " "),
    "client-cert": ("SSL_CLIENT_CERT", "", " "),
}
SYSTEM_CERTIFICATES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Arch
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # Red Hat, Fedora
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/ssl/cert.pem",  # Alpine, macOS
)
TRUE = {"1", "true", "yes", "on", "y", "t"}
FIRST_PIP_WITH_SYSTEM_CERTIFICATES = (24, 2)


def read_pip_settings(python: str, environment: Mapping[str, str]) -> dict[str, str]:
    """What pip.conf and the PIP_… variables say to `pip install`, by the long name of the option."""
    spoken = {name: value for name, value in environment.items() if name not in {"PIP_QUIET", "PIP_VERBOSE"}}
    command = [python, "-m", "pip", "config", "list"]
    listed = subprocess.run(command, env=spoken, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own
    by_section: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}
    for line in listed.splitlines():
        key, _, value = line.partition("=")
        section, _, name = key.partition(".")
        if section in by_section and value:
            by_section[section][name] = str(ast.literal_eval(value))
    # Later ones win, as in pip.
    return by_section["global"] | by_section["install"] | by_section[":env:"]


def choose_variables(settings: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that make pip and uv agree. One that the user has set for uv is left as it is."""
    added = {
        "UV_SYSTEM_CERTS": "1",
        # As pip does: the first index that has a name does not hide the others. The hashes decide what is accepted.
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }
    if settings.get("no-index", "").lower() in TRUE:
        added["PIP_NO_INDEX"] = "1"  # uv knows it as an option only
    for name, (variable, older, separator) in FROM_PIP.items():
        if settings.get(name, "").strip() and older not in environment:
            added[variable] = separator.join(settings[name].split())
    added = {name: value for name, value in added.items() if name not in environment}
    if "index-url" not in settings and (index := environment.get("UV_DEFAULT_INDEX", environment.get("UV_INDEX_URL"))):
        added["PIP_INDEX_URL"] = index  # pip brings uv itself
    return added | choose_certificates(settings, environment) | choose_proxy(settings)


def choose_certificates(settings: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """The file or folder that pip was told to trust; without one, both use the system's store."""
    for_pip = settings.get("cert") or environment.get("REQUESTS_CA_BUNDLE") or environment.get("CURL_CA_BUNDLE")
    if not for_pip or ("cert" not in settings and "SSL_CERT_FILE" in environment):
        return {}
    return {"SSL_CERT_DIR" if Path(for_pip).is_dir() else "SSL_CERT_FILE": for_pip}


def choose_proxy(settings: Mapping[str, str]) -> dict[str, str]:
    """pip's own proxy; HTTPS_PROXY and its like are followed by pip and uv alike."""
    if not (proxy := settings.get("proxy")):
        return {}
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    return dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), proxy)


def help_old_pip(version: tuple[int, ...], environment: Mapping[str, str]) -> dict[str, str]:
    """The system's certificates for a pip that would use its own list only, as Python 3.11 and 3.12 bring it."""
    if version >= FIRST_PIP_WITH_SYSTEM_CERTIFICATES or {"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"} & set(environment):
        return {}
    candidates = (ssl.get_default_verify_paths().cafile, *SYSTEM_CERTIFICATES)
    return next(({"PIP_CERT": file} for file in candidates if file and Path(file).is_file()), {})


def make_variables(python: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for pip and uv, where `python` is the environment's that they install into."""
    settings = read_pip_settings(python, environment)
    variables = dict(environment) | choose_variables(settings, environment)
    if "cert" in settings:
        return variables
    ask = [python, "-c", "import pip; print(pip.__version__)"]
    version = subprocess.run(ask, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own
    return variables | help_old_pip(tuple(int(part) for part in re.findall(r"\d+", version)[:2]), environment)


if __name__ == "__main__":
    os.execvpe(sys.argv[1], sys.argv[1:], make_variables(sys.executable, os.environ))  # noqa: S606 - our own commands
