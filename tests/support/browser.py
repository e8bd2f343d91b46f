"""A real browser for tests of pages: headless chromium, spoken to through its DevTools protocol."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from websockets.sync.client import ClientConnection, connect

from tests.support.wait import PATIENCE, wait_until

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH: pages cannot be looked at")
AUDIT = (Path(__file__).parent / "audit.js").read_text(encoding="utf-8")


@dataclass
class Seen:
    """What happened while a page was open."""

    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


class Tab:
    """One tab; `open` shows a file at a width and tells what happened."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._number = 0
        self._seen = Seen()
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def open(self, page: Path, width: int, scheme: str = "light") -> Seen:
        """Load a page from the disk with the network off."""
        return self._load(page.as_uri(), width, scheme, offline=True)

    def visit(self, url: str, width: int) -> Seen:
        """Load a page from a server on this machine; `Seen.requests` tells whether it asked any other."""
        return self._load(url, width, "light", offline=False)

    def _load(self, url: str, width: int, scheme: str, *, offline: bool) -> Seen:
        self._seen = Seen()
        self.call(
            "Network.emulateNetworkConditions", offline=offline, latency=0, downloadThroughput=-1, uploadThroughput=-1
        )
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600
        )
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call("Page.navigate", url=url)
        wait_until(lambda: self.run("document.readyState") == "complete", PATIENCE, "the page", pause=0.05)
        time.sleep(0.3)
        self.run("1")
        return self._seen

    def run(self, script: str) -> Any:
        """The value of a script, as JSON has it."""
        return self.call("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command and its answer; events that come before it are noted."""
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(timeout=PATIENCE))
            if message.get("id") == self._number:
                return message.get("result", {})
            self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        method, told = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            self._seen.complaints.append(str(told["exceptionDetails"]))
        if method == "Runtime.consoleAPICalled" and told["type"] in ("error", "warning", "assert"):
            self._seen.complaints.append(str(told["args"]))
        if method == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
            self._seen.complaints.append(told["entry"]["text"])
        if method == "Network.requestWillBeSent" and not told["request"]["url"].startswith(("data:", "blob:")):
            self._seen.requests.append(told["request"]["url"])


@contextmanager
def open_tab(folder: Path) -> Iterator[Tab]:
    """A browser with one tab, its profile under the folder."""
    assert CHROMIUM is not None
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", f"--user-data-dir={folder}"]
    process = subprocess.Popen([CHROMIUM, *flags, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        port = _read_port(folder / "DevToolsActivePort")
        with urlopen(Request(f"http://127.0.0.1:{port}/json/new", method="PUT")) as answer:
            address = json.load(answer)["webSocketDebuggerUrl"]
        with connect(address, max_size=None) as socket:
            yield Tab(socket)
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _read_port(file: Path) -> int:
    read = lambda: file.read_text().splitlines() if file.exists() else []  # noqa: E731
    return int(wait_until(read, PATIENCE, "chromium", pause=0.1)[0])


def audit(tab: Tab) -> list[str]:
    """What hinders people who cannot see the page, or not well: an empty list where nothing does."""
    return list(tab.run(AUDIT))


def is_too_wide(tab: Tab) -> bool:
    """Whether the page as a whole scrolls sideways."""
    return bool(tab.run("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def list_cut_tables(tab: Tab) -> list[str]:
    """The tables of which a part is out of sight until one scrolls; their beginnings."""
    boxes = "[...document.querySelectorAll('.scroll')].filter((box) => box.scrollWidth > box.clientWidth + 1)"
    return list(tab.run(f"{boxes}.map((box) => box.innerText.slice(0, 80))"))


BROKEN = r"""[...document.querySelectorAll("th, td, h1, h2, h3, figcaption b")].flatMap((cell) => {
  const head = cell.closest("thead"), broken = [];
  if (head && head.getBoundingClientRect().width < 2) return broken;  // out of sight: each cell names its column
  const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
  while (walker.nextNode())
    for (const word of walker.currentNode.data.matchAll(/[a-z]{3,30}/gi)) {
      const range = document.createRange();
      range.setStart(walker.currentNode, word.index);
      range.setEnd(walker.currentNode, word.index + word[0].length);
      const lines = new Set([...range.getClientRects()].map((place) => Math.round(place.top)));
      if (lines.size > 1 && !walker.currentNode.parentElement.closest(".mono")) broken.push(word[0]);
    }
  return broken;
})"""


def list_broken_words(tab: Tab) -> list[str]:
    """The words of tables and headings that begin in one line and end in another; hashes and commands may."""
    return list(tab.run(BROKEN))


def print_page(tab: Tab, page: Path, pdf: Path) -> None:
    """Print a page to a PDF of A4 sheets, as a person would."""
    tab.open(page, 1400)
    printed = tab.call("Page.printToPDF", paperWidth=8.27, paperHeight=11.69, preferCSSPageSize=True)
    pdf.write_bytes(b64decode(printed["data"]))
