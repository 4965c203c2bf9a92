"""The tests: `unit` for pure code and single stores, `e2e` through a running server, `support` for what they share."""
