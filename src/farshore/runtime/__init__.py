"""What every floor may lean on: clock, ids, log, settings, worker loop."""
