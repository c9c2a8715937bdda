"""What an installation decides: read once at the edge and handed down; importing has no effect."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class Settings:
    """The addresses, keys and names of one installation.

    Each field can be set by an environment variable of its name in capitals with the prefix
    `MENTORCERT_`, for example `MENTORCERT_DATABASE_URL`.
    """

    database_url: str
    """PostgreSQL as the role of the web process (`mentorcert_app`)."""
    worker_database_url: str
    """PostgreSQL as the role of the worker (`mentorcert_worker`); direct, not through a pooler."""
    s3_endpoint: str
    s3_access_key: str
    s3_secret_key: str = field(repr=False)
    owner_database_url: str | None = field(default=None, repr=False)
    """PostgreSQL as the owner of the tables; only `mentorcert migrate` uses it."""
    s3_public_endpoint: str | None = None
    """The store's address as browsers reach it, if it differs; its host is part of signatures."""
    s3_bucket: str = "mentorcert"
    s3_region: str = "us-east-1"
    public_url: str = "http://localhost:8000"
    """The service's address as the world sees it; certificates carry it for ever."""
    issuer: str = "MENTORCERT"
    """The name that certificates give as their issuer."""
    smtp_url: str | None = field(default=None, repr=False)
    """The mail server, with its password; without one, mails are written into `mail_folder`."""
    mail_folder: str = "var/mail"
    mail_from: str = "no-reply@localhost"
    """The address that mails come from, perhaps with a name: `Certification <mail@example.org>`."""
    max_body_bytes: int = 2 * 1024 * 1024
    verified_files_per_night: int = 5_000
    verified_bytes_per_night: int = 50 * 1024**3
    """How much kept evidence is read back in a night, for each certification body."""
    clamd_address: str | None = None
    """Where ClamAV's daemon listens, `host:port` or `unix:path`; it then scans files too."""
    upload_life_days: int = 7
    """An upload that rests for so many days is given up."""
    person_storage_bytes: int = 100 * 1024**3
    """How much room a person's files have; 0: any. A certification body may have its own limit."""
    tenant_storage_bytes: int = 0
    """How much room all files of a certification body have; 0: any."""

    @classmethod
    def read(cls, environment: Mapping[str, str] | None = None, **defaults: object) -> Self:
        """Take each field from the environment, else from `defaults`.

        Raises ValueError that names every required setting that is missing.
        """
        given = dict(os.environ if environment is None else environment)
        values: dict[str, object] = dict(defaults)
        for known in fields(cls):
            name = "MENTORCERT_" + known.name.upper()
            if name in given:
                values[known.name] = _converted(known.type, given[name])
        try:
            return cls(**values)  # type: ignore[arg-type]
        except TypeError as problem:
            raise ValueError(f"A setting is missing or unknown: {problem}") from problem

    def changed(self, **values: object) -> Self:
        """Return these settings with some values replaced; None leaves a value as it is."""
        known = {name: value for name, value in values.items() if value is not None}
        return replace(self, **known)  # type: ignore[arg-type]


def _converted(kind: object, value: str) -> object:
    if kind == "int":
        return int(value)
    return value
