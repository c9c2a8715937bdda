"""A Python client of the public API; it imports nothing of the service."""

from __future__ import annotations

from app.client.http import Client, Problem
from app.client.uploads import upload

__all__ = ["Client", "Problem", "upload"]
