"""Speed, a client of a scoring server: it only sends bytes, and counts those of the answers.

It shares the cores with the server, so that it has to be cheap: connections are kept, and requests are made before.
"""

from __future__ import annotations

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from typing import Any

import numpy as np
import psutil

from blocks.errors import LoanwatchError

CLIENTS, MANY = 4, 1_000
WARM_UP, SECONDS, PATIENCE = 2.0, 5.0, 600.0
Figures = dict[str, float]


class ServerError(LoanwatchError):
    """A server did not start, or refused a request."""


def make_request(path: str, content: Any) -> bytes:
    """The bytes of a request."""
    body = json.dumps(content).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def measure(port: int, server: int, requests: tuple[list[bytes], list[bytes]]) -> Figures:
    """Of one application and of many: milliseconds of an answer, how many a second, and the server's CPU time.

    CPU milliseconds are those of one answer, or of 1,000 rows; they count where other work shares the cores.
    """
    ones, many = requests
    ask(port, ones, 1, WARM_UP)
    figures: Figures = {}
    for clients in (1, CLIENTS):
        used = read_cpu(server)
        waits, seconds = ask(port, ones, clients, SECONDS)
        figures[f"cpu_ms_{clients}"] = round((read_cpu(server) - used) / len(waits) * 1000, 2)
        for name, share in (("p50", 50), ("p99", 99)):
            figures[f"{name}_ms_{clients}"] = round(float(np.percentile(waits, share)) * 1000, 2)
        figures[f"answers_{clients}"] = round(len(waits) / seconds, 1)
    for clients in (1, CLIENTS):
        used = read_cpu(server)
        waits, seconds = ask(port, many, clients, SECONDS)
        figures[f"rows_cpu_ms_{clients}"] = round((read_cpu(server) - used) / len(waits) * 1000, 1)
        figures[f"rows_{clients}"] = round(len(waits) * MANY / seconds)
    return figures


def read_cpu(server: int) -> float:
    """The CPU seconds of a server and its workers."""
    processes = [psutil.Process(server), *psutil.Process(server).children(recursive=True)]
    return sum(times.user + times.system for times in (process.cpu_times() for process in processes))


def ask(port: int, requests: list[bytes], clients: int, seconds: float) -> tuple[list[float], float]:
    """How long each answer took, for so many clients that ask again and again, and the seconds in all."""
    until, began = time.perf_counter() + seconds, time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        starts = [requests[number * len(requests) // clients :] or requests for number in range(clients)]
        waits = [wait for each in pool.map(lambda own: _ask_alone(port, own, until), starts) for wait in each]
    return waits, time.perf_counter() - began


def _ask_alone(port: int, requests: list[bytes], until: float) -> list[float]:
    waits = []
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for request in cycle(requests):
            began = time.perf_counter()
            connection.sendall(request)
            _read_answer(connection)
            waits.append(time.perf_counter() - began)
            if time.perf_counter() > until:
                return waits
    return waits


def _read_answer(connection: socket.socket) -> None:
    """Read one answer to its end. Raises ServerError where it is none of status 200."""
    said = b""
    while b"\r\n\r\n" not in said:
        part = connection.recv(1 << 16)
        if not part:
            raise ServerError(f"The server hung up after {said[:200]!r}.")
        said += part
    head, _, body = said.partition(b"\r\n\r\n")
    if b" 200 " not in head[:20]:
        raise ServerError(f"The server said {said[:500]!r}.")
    length = next(int(line[15:]) for line in head.split(b"\r\n") if line[:15].lower() == b"content-length:")
    left = length - len(body)
    while left > 0:
        left -= len(connection.recv(1 << 20))
