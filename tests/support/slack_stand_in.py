"""A real HTTP listener in Slack's place: answers what it is told to, and keeps every request."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from slack_sdk.webhook import WebhookClient

PATH = "/services/T000/B000/x-secret-of-the-webhook"
POLL = 0.02  # seconds after which the listener sees that it is to end


@dataclass
class StandIn:
    """`script` holds the next answers, (status, body, headers), or "hang", or "cut"; when it is empty: 200 ok."""

    script: list[Any] = field(default_factory=list)
    seen: list[dict[str, Any]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        """The webhook's address, which is a secret."""
        return f"http://127.0.0.1:{self.port}{PATH}"


@contextmanager
def run_stand_in(port: int = 0) -> Iterator[StandIn]:
    stand_in = StandIn()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            stand_in.seen.append(json.loads(body) if body.startswith("{") else {"form": body})
            stand_in.times.append(time.monotonic())
            stand_in.headers.append(dict(self.headers.items()))
            stand_in.paths.append(self.path)
            answer = stand_in.script.pop(0) if stand_in.script else (200, "ok", {})
            if answer == "hang":
                time.sleep(3)
                return
            if answer == "cut":
                self.connection.close()
                return
            status, said, headers = answer
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said.encode())

        def log_message(self, *_: Any) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    stand_in.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(POLL,), daemon=True)
    thread.start()
    try:
        yield stand_in
    finally:
        server.shutdown()
        server.server_close()


def check_blocks(payload: dict[str, Any]) -> None:
    """Slack's limits for Block Kit, as its reference states them; AssertionError names the one that is broken."""
    blocks = payload["blocks"]
    assert 1 <= len(blocks) <= 50, "a message has at most 50 blocks"
    assert 1 <= len(payload["text"]) <= 40_000
    for block in blocks:
        assert len(block.get("block_id", "")) <= 255
        if block["type"] == "header":
            assert block["text"]["type"] == "plain_text"
            assert 1 <= len(block["text"]["text"]) <= 150
        elif block["type"] == "section":
            assert ("text" in block) or ("fields" in block)
            if "text" in block:
                assert block["text"]["type"] in ("mrkdwn", "plain_text")
                assert 1 <= len(block["text"]["text"]) <= 3000
            assert len(block.get("fields", [])) <= 10
            for part in block.get("fields", []):
                assert 1 <= len(part["text"]) <= 2000
        elif block["type"] == "context":
            assert 1 <= len(block["elements"]) <= 10
            assert all(1 <= len(element["text"]) <= 3000 for element in block["elements"])
        else:
            raise AssertionError(f"no block of ours: {block['type']}")


def webhook(url: str) -> Any:
    """A client of the webhook that neither tries again nor writes to the log."""
    silent = logging.getLogger("test.silent")
    silent.setLevel(logging.CRITICAL + 1)
    return WebhookClient(url, retry_handlers=[], logger=silent)
