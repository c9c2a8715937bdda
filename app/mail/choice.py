"""Which way letters go in this installation."""

from __future__ import annotations

from pathlib import Path

from app.kit.settings import Settings
from app.mail import Post
from app.mail.folder import FolderPost
from app.mail.smtp import SmtpPost


def post_of(settings: Settings) -> Post:
    """Return the mail server that the settings name, else a folder."""
    if settings.smtp_url is not None:
        return SmtpPost.at(settings.smtp_url, settings.mail_from)
    return FolderPost(Path(settings.mail_folder), settings.mail_from)
