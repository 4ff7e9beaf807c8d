"""Snapshots of all wallets: written from a table, read again, and proven by their root."""
