"""The vocabulary: errors and values that every other floor speaks in."""
