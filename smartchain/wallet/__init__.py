"""
Paying through a ledger, and never twice.

`amount` and `memo` read what a person typed, `batch` a file of payments, `plan` (pure) what is to be sent;
`sender` builds, simulates, signs and follows a transaction; `run` pays a plan, with a `runfile` that knows
after any interruption what was signed; `offline` serves keys that live elsewhere. Nothing here prints.
"""
