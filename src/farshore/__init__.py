"""Farshore: an S3-compatible object store whose replication can be trusted."""
