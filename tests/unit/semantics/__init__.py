"""AWS's rules, case by case."""
