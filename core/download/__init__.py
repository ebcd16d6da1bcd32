"""A run: from tiles to tables, the result, its ledger, and what is said of it."""
