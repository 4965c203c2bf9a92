"""What tests share: the running server, steps, waiting."""
