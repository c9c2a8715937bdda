"""A Python client of the public API; it imports nothing of the service."""

from __future__ import annotations

from app.client.http import Client, Problem
from app.client.notes import UploadUnderWay
from app.client.sending import FileChanged, UploadFailed
from app.client.uploads import upload

__all__ = ["Client", "FileChanged", "Problem", "UploadFailed", "UploadUnderWay", "upload"]
