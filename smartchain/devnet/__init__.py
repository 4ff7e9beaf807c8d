"""A host chain on this machine: anvil, run as a child that never outlives its parent, with a ledger deployed."""
