"""One process that follows a ledger and serves it: JSON, pages, and the chain itself to other nodes."""
