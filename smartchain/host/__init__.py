"""The host chain: how to reach it, what its logs say, and what a contract there answers."""
