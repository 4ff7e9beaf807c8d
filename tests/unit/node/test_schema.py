"""Requests made up from the OpenAPI document: whatever is asked, the answer is one that the document allows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.store.making import payments
from tests.unit.node.asking import Client, World
from tests.unit.node.listening import serving, with_settings


@pytest.fixture(scope="module")
def document() -> Iterator[Any]:
    """The document of a server that is running; the stream, which never ends, has tests of its own."""
    with serving(World(payments(1, 40)), with_settings(rate=0)) as server:
        yield schemathesis.openapi.from_url(f"{server.url}/api/v1/openapi.json")


schema = schemathesis.pytest.from_fixture("document").exclude(path="/stream")


@schema.parametrize()
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_one_that_the_document_allows(case: schemathesis.Case[Any]) -> None:
    """A consistency proof goes from one size to a later one, which a document cannot say."""
    beyond: list[Any] | None = [positive_data_acceptance] if case.path == "/consistency" else None
    case.call_and_validate(timeout=20, excluded_checks=beyond)


def test_the_document_describes_every_route_that_there_is() -> None:
    paths = Client(World()).json("/api/v1/openapi.json")["paths"]

    assert set(paths) == {
        "/head", "/chain", "/peers", "/blocks", "/blocks/{name}", "/entries", "/entries/{index}",
        "/accounts/{address}", "/accounts/{address}/balances", "/receipts/{index}", "/export", "/stream",
        "/consistency", "/snapshot",
    }  # fmt: skip
