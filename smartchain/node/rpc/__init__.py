"""The smart chain as clients of Ethereum read one: JSON-RPC 2.0 at `/rpc`."""

from smartchain.node.rpc.server import routes

__all__ = ["routes"]
