"""The protocol itself: entries, their log, its proofs and the chain that follows. Pure."""
