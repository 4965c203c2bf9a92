"""`python -m farshore`, the same as `farshore`."""

from farshore.cli.main import main

main()
