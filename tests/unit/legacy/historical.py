"""
A client as those programs were: urllib, `json.loads`, floats and all; and the check of a chain as they had it.
"""

from __future__ import annotations

import hashlib
import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Client:
    """Talks to one node; `headers` are sent along."""

    url: str
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> tuple[int, Any]:
        return self._ask(urllib.request.Request(self.url + path, headers={**self.headers, **headers}))

    def post(self, path: str, body: object, **headers: str) -> tuple[int, Any]:
        sent = {"Content-Type": "application/json", **self.headers, **headers}
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self._ask(urllib.request.Request(self.url + path, data, sent, method="POST"))

    def _ask(self, request: urllib.request.Request) -> tuple[int, Any]:
        """Status, and what the JSON says; the text of what is none."""
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, _read(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, _read(error.read())


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode()


def hash_of(block: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(block, sort_keys=True).encode()).hexdigest()


def valid_chain(chain: list[dict[str, Any]]) -> bool:
    """Whether each block names the hash of the one before it."""
    last_block, current_index = chain[0], 1
    while current_index < len(chain):
        block = chain[current_index]
        if block["previous_hash"] != hash_of(last_block):
            return False
        last_block, current_index = block, current_index + 1
    return True
