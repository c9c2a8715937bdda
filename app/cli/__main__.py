"""`python -m app.cli` is `mentorcert`."""

from app.cli import main

main()
