"""An independent block chain from the events of a smart contract."""

__version__ = "0.1.0"
