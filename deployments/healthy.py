"""Healthy: exit with 0 if each address answers with a page, for the health checks of containers.

    python -m deployments.healthy http://127.0.0.1:4200/api/health http://127.0.0.1:4200/

It says what is wrong with each of the others.
"""

from __future__ import annotations

import sys
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import urlopen

PATIENCE_SECONDS = 4
CLOSED = (401, 503)  # a password is asked for; no model is in production yet: the service itself is up


def find_fault(address: str) -> str | None:
    """What is wrong with the address; None where it answers."""
    try:
        urlopen(address, timeout=PATIENCE_SECONDS).close()  # noqa: S310 - addresses of the compose file
    except HTTPError as error:
        return None if error.code in CLOSED else f"{address}: HTTP {error.code}"
    except (OSError, HTTPException, ValueError) as error:
        return f"{address}: {error}"
    return None


if __name__ == "__main__":
    faults = [fault for address in sys.argv[1:] if (fault := find_fault(address))]
    print("\n".join(faults))
    sys.exit(bool(faults))
