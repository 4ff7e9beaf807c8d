"""
`/metrics` for Prometheus: where the store stands, what the indexer met, and requests by route and status.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from smartchain.errors import SmartchainError
from smartchain.node.health import Waiting
from smartchain.node.services import Services
from smartchain.ports import Status

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_NODE, _STATES = ("node", "state"), ("in use", "ready", "waiting", "set aside")
OTHER = "other"
"""Every address that is none of ours, so that strangers cannot make up routes."""

COUNTED = "smartchain.counted"
"""In the scope of a request that the figures of one of several chains hold."""


class Metrics:
    """Figures that are read when they are asked for, and the requests."""

    def __init__(self, figures: Collector) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(figures)
        self._requests = Counter(
            "smartchain_requests", "Requests by route and status.", ["route", "status"], registry=self._registry
        )
        self._known: dict[tuple[str, int], Counter] = {}

    def all(self) -> Iterable[Metric]:
        """Every figure as it is now."""
        return self._registry.collect()

    def text(self) -> Response:
        return Response(generate_latest(_Families(self._registry)), headers={"Content-Type": MEDIA_TYPE})

    def count(self, route: str, status: int) -> None:
        key = (route, status)
        if key not in self._known:
            self._known[key] = self._requests.labels(route, str(status))
        self._known[key].inc()


class _Families(Collector):
    """Each of them once, as the format wants it: the requests of a chain and of the front page are one."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterable[Metric]:
        families: dict[str, Metric] = {}
        for metric in self._registry.collect():
            _into(families, metric).samples.extend(metric.samples)
        return families.values()


class Counted:
    """ASGI: counts every answer of an app."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        status = 500

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, sent)
        finally:
            if not scope.get(COUNTED):
                self._metrics.count(_route_of(scope), status)
        return None


def _route_of(scope: Scope) -> str:
    """The address as it is written in the routes, never as it was asked."""
    route = scope.get("route")
    path = getattr(route, "path", None)
    if path is None or isinstance(route, Mount) or not isinstance(route, Route):
        return OTHER
    root: str = scope.get("root_path", "")
    return root + str(path)


class ChainFigures(Collector):
    """Of one chain, out of its store."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        try:
            status = self._services.store.status()
            settled = list(self._settled(status))
        except SmartchainError:
            yield _gauge("store_up", "Whether the store answers.", 0)
            return
        counts, reason = self._services.health.counts, self._services.health.not_ready(status)
        yield _gauge("store_up", "Whether the store answers.", 1)
        yield _gauge("ready", "Whether the node is ready.", int(reason is None))
        yield _gauge("size", "Entries in the store, staged ones included.", status.size)
        yield _gauge("verified_size", "Entries that are served.", status.verified_size)
        yield _gauge("verified", "Whether a contract confirmed them.", int(status.verified_at is not None))
        yield from settled
        yield _gauge("lag_entries", "Entries read and not yet verified.", status.size - status.verified_size)
        yield _gauge("blocks", "Blocks that are served.", status.verified_blocks)
        yield _gauge("host_block", "Host block up to which was read.", status.cursor.number if status.cursor else 0)
        yield _counter("root_mismatches", "What was read did not give the contract's root.", counts.mismatches)
        yield _counter("reorganisations", "Times that the host replaced blocks.", counts.reorganisations)
        yield _counter("reorganised_blocks", "Host blocks that were replaced.", counts.replaced)
        yield _counter("reorganised_entries", "Entries that were taken back.", counts.dropped)
        yield _gauge("deepest_reorganisation", "Host blocks that the deepest one replaced.", counts.deepest)
        yield from _waiting(self._services.health.waiting())
        yield _counter("rpc_errors", "Failed looks at the host chain.", counts.rpc_errors)

    def _settled(self, status: Status) -> Iterator[Metric]:
        for name, place in (("safe", status.settled.safe), ("finalized", status.settled.finalized)):
            size = min(self._services.store.size_at(place.number), status.verified_size) if place else 0
            yield _gauge(f"{name}_host_block", f"Host block up to which all is {name}.", place.number if place else 0)
            yield _gauge(f"{name}_size", f"Entries that are {name}.", size)


class FleetFigures(Collector):
    """Of all chains of a node: the figures of each, with its ledger's address beside them."""

    def __init__(self, chains: Callable[[], Mapping[str, Metrics]]) -> None:
        self._chains = chains

    def collect(self) -> Iterator[Metric]:
        families: dict[str, Metric] = {}
        chains = self._chains()
        for ledger, metrics in chains.items():
            for metric in metrics.all():
                family = _into(families, metric)
                named = (one._replace(labels={"ledger": ledger, **one.labels}) for one in metric.samples)
                family.samples.extend(named)
        yield _gauge("chains", "Chains that are served.", len(chains))
        yield from families.values()


def _into(families: dict[str, Metric], metric: Metric) -> Metric:
    """The family of that name; an empty one of its kind where there was none."""
    return families.setdefault(metric.name, Metric(metric.name, metric.documentation, metric.type))


def _waiting(waiting: Waiting) -> Iterator[Metric]:
    yield _gauge("stalled", "Whether the contract has more and nothing moves.", int(waiting.stalled is not None))
    yield _gauge("waiting_seconds", "Since when it waits for what it waits for.", int(waiting.since_s))
    nodes = GaugeMetricFamily("smartchain_rpc_node", "1 for how each node of the host chain stands.", labels=_NODE)
    for node in waiting.nodes:
        for state in _STATES:
            nodes.add_metric([node.name, state], int(node.state == state))
    yield nodes


def _gauge(name: str, says: str, value: int) -> Metric:
    return GaugeMetricFamily(f"smartchain_{name}", says, value=value)


def _counter(name: str, says: str, value: int) -> Metric:
    return CounterMetricFamily(f"smartchain_{name}", says, value=value)
