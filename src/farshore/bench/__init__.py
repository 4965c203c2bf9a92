"""Measure a server beside its floors: what the same machine and HTTP library can do at best."""
