"""Bitcoin, as much of it as a burn needs: headers and their rules, transactions, Merkle proofs, burns."""
