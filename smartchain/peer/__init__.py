"""Other nodes of a ledger: what they say, in which bytes, whom to believe, and what a fork leaves behind."""
