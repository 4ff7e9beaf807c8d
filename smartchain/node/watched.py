"""
Routes for whoever watches the node: `/health`, `/ready`, `/metrics`.
"""

from __future__ import annotations

from dataclasses import asdict

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from smartchain.errors import SmartchainError
from smartchain.node.api.answers import answer
from smartchain.node.metrics import Metrics
from smartchain.node.services import Services


def routes(services: Services, metrics: Metrics) -> list[BaseRoute]:
    async def health(_: Request) -> Response:
        """At once, also where the store does not answer: what the indexer waits for, and whether that is no stall."""
        waiting = services.health.waiting()
        said = {
            "alive": True,
            "healthy": waiting.stalled is None,
            "reason": waiting.stalled,
            "waits_for": waiting.reason,
            "since_s": int(waiting.since_s),
            "heads": asdict(services.health.heads()),
            "nodes": [{"name": one.name, "state": one.state, "reason": one.reason} for one in waiting.nodes],
        }
        return answer(said, 200 if waiting.stalled is None else 503)

    def ready(_: Request) -> Response:
        try:
            status = services.store.status()
        except SmartchainError:
            return answer({"ready": False, "reason": "the store does not answer"}, 503)
        reason = services.health.not_ready(status)
        said = {"ready": reason is None, "reason": reason, "size": status.size, "verified_size": status.verified_size}
        return answer({**said, "verified": status.verified_at is not None}, 200 if reason is None else 503)

    async def figures(_: Request) -> Response:
        return await run_in_threadpool(metrics.text)

    return [Route("/health", health), Route("/ready", ready), Route("/metrics", figures)]
