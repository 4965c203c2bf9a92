"""The web console: its built page, and the session by which it speaks to the public APIs. It has no API of its own."""
