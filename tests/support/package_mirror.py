"""A company's network on this machine: a package mirror over TLS with a private authority, and a proxy before it."""

from __future__ import annotations

import argparse
import http.server
import select
import socket
import ssl
import subprocess
import threading
from pathlib import Path
from typing import Any

NAMES = "subjectAltName=DNS:localhost,DNS:mirror.invalid"
QUICK_KEY = ("-newkey", "rsa:2048", "-nodes", "-days", "2")


def make_authority(folder: Path) -> None:
    """ca.pem, as the bank's IT lays it into each machine's store, and the mirror's mirror.pem with its key."""
    ca = ("-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=A bank's own authority")
    mirror = ("-CA", "ca.pem", "-CAkey", "ca.key", "-keyout", "mirror.key", "-out", "mirror.pem", "-subj", "/CN=mirror")
    leaf = ("-addext", NAMES, "-addext", "basicConstraints=critical,CA:false")
    for arguments in (ca, (*mirror, *leaf)):
        command = ("openssl", "req", "-x509", *QUICK_KEY, *arguments)
        subprocess.run(command, cwd=folder, check=True, capture_output=True)


def make_store(folder: Path) -> None:
    """A folder like /etc/ssl/certs that holds that authority only, under the names by which it is looked for."""
    folder.mkdir()
    authority = (folder.parent / "ca.pem").read_text()
    (folder / "ca-certificates.crt").write_text(authority)
    (folder / "authority.pem").write_text(authority)
    subprocess.run(("openssl", "rehash", str(folder)), check=True, capture_output=True)


class Mirror(http.server.SimpleHTTPRequestHandler):
    """A simple index: one folder for each package, with its files."""

    def log_message(self, format: str, *args: Any) -> None:
        print("mirror", self.path, flush=True)


class Proxy(http.server.BaseHTTPRequestHandler):
    """Every host is the mirror, so that a name which nobody else resolves can be asked for."""

    mirror = ("localhost", 0)

    def do_CONNECT(self) -> None:
        print("proxy", self.path, flush=True)
        with socket.create_connection(self.mirror) as mirror:
            self.send_response(200)
            self.end_headers()
            ends = {self.connection: mirror, mirror: self.connection}
            while True:
                for end in select.select(list(ends), [], [])[0]:
                    if not (data := end.recv(65536)):
                        return
                    ends[end].sendall(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Said above."""


def serve(index: Path, mirror_port: int, proxy_port: int) -> None:
    """Serve `index` until the process ends; `mirror.pem` and its key lie beside it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(index.parent / "mirror.pem", index.parent / "mirror.key")

    def answer(*arguments: Any) -> Mirror:
        return Mirror(*arguments, directory=str(index))

    mirror = http.server.ThreadingHTTPServer(("127.0.0.1", mirror_port), answer)
    mirror.socket = context.wrap_socket(mirror.socket, server_side=True, do_handshake_on_connect=False)
    Proxy.mirror = ("127.0.0.1", mirror_port)
    threading.Thread(target=http.server.ThreadingHTTPServer(("127.0.0.1", proxy_port), Proxy).serve_forever).start()
    print("serving", flush=True)
    mirror.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("index", type=Path)
    parser.add_argument("mirror_port", type=int)
    parser.add_argument("proxy_port", type=int)
    serve(**vars(parser.parse_args()))
