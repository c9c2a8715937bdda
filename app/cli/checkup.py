"""What the doctor looks at: the embedded services, and how evidence is read on this machine."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from app.embedded.doctor import Finding, findings
from app.embedded.installation import Installation as RunningInstallation
from app.evidence.media import sandbox
from app.evidence.media.making import office
from app.evidence.scanning import ScanFailed, ScannerAway, builtin, clamd
from app.kit.settings import Settings
from app.storage import StoreUnavailable
from app.storage.s3 import S3Store

READERS = "Evidence readers"
"""The processes that open what candidates hand in."""


LOCKS = "Object lock"
PREVIEWS = "Office previews"
BUILT_IN = "Malware: built-in rules"
DAEMON = "Malware: ClamAV"


def checkup(var: Path, environment: Mapping[str, str] = os.environ) -> list[Finding]:
    """Look at everything. Changes nothing; starts two processes that end at once."""
    clamd_address = environment.get("MENTORCERT_CLAMD_ADDRESS")
    store = store_in_use(var, environment)
    return [
        *findings(var),
        _readers(),
        about_rules(),
        about_daemon(clamd_address),
        about_locks(store),
        about_previews(office.installed()),
    ]


def _readers() -> Finding:
    try:
        return about_readers(without_network=sandbox.loses_the_network(), system=sys.platform)
    except (OSError, subprocess.TimeoutExpired) as problem:
        return Finding(False, READERS, f"None can be started: {problem}.")


def about_readers(*, without_network: bool, system: str) -> Finding:
    """Say how far the processes that read evidence are confined on a system (`sys.platform`)."""
    if without_network:
        return Finding(True, READERS, "They are cut off from the network before they read.")
    left = "They can reach the network; time, memory and writing are limited all the same."
    if system != "linux":
        # Nothing can be done about it but to run the worker on Linux.
        return Finding(True, READERS, f"{left} Only Linux can cut them off.")
    remedy = (
        "Allow user namespaces to the user or container that runs the worker, or let it reach"
        " nothing but database and store."
    )
    return Finding(False, READERS, f"{left} This system refuses user namespaces.", remedy)


def about_previews(program: str | None) -> Finding:
    """Say whether office documents are shown before they are opened; they need not be."""
    if program is None:
        said = "LibreOffice (soffice) is not installed, so office documents get no preview."
        return Finding(True, PREVIEWS, said)
    return Finding(True, PREVIEWS, f"They are made by LibreOffice ({program}).")


def about_rules() -> Finding:
    """Try out whether the built-in rules can be applied to a file."""
    rules = builtin.scanner()
    try:
        with tempfile.NamedTemporaryFile(prefix="mentorcert-") as file:
            builtin.scan(Path(file.name), "text/plain")
    except (OSError, ScanFailed) as problem:
        return Finding(False, BUILT_IN, f"They cannot be applied: {problem}")
    said = f"They scan every file (YARA-X {rules.version}, rules {rules.rules[:12]})."
    return Finding(True, BUILT_IN, said)


def about_daemon(address: str | None) -> Finding:
    """Say whether ClamAV's daemon scans too; it need not."""
    if address is None:
        return Finding(True, DAEMON, "None is named, so the built-in rules scan alone.")
    try:
        daemon = clamd.scanner(address)
    except ScannerAway:
        left = f"Nothing answers at {address} as clamd does; files wait until it does."
        return Finding(False, DAEMON, left, "Start clamd, or correct MENTORCERT_CLAMD_ADDRESS.")
    said = f"It scans every file (version {daemon.version}, signatures {daemon.rules})."
    return Finding(True, DAEMON, said)


def store_in_use(var: Path, environment: Mapping[str, str]) -> S3Store | None:
    """Return the store that the environment names, else the one that runs; None if none does."""
    running = RunningInstallation(var.resolve()).running() or {}
    known = {name: running[name] for name in running if str(name).startswith("s3_")}
    nowhere = {"database_url": "", "worker_database_url": ""}
    try:
        settings = Settings.read(environment, **{**nowhere, **known})
    except ValueError:
        return None
    return S3Store.from_settings(settings, patience=2)


def about_locks(store: S3Store | None) -> Finding:
    """Say whether the store itself keeps sealed evidence, which it need not."""
    if store is None:
        return Finding(True, LOCKS, "No store runs, so it cannot be asked.")
    try:
        offered = store.locks_objects()
    except StoreUnavailable:
        return Finding(False, LOCKS, "The store does not answer.")
    if offered:
        return Finding(True, LOCKS, "The store refuses to remove sealed evidence before its time.")
    # Not a failure: the service never removes it, and its key may be kept from doing so elsewhere.
    return Finding(
        True, LOCKS, "The bucket cannot lock objects: what is sealed is kept by rights alone."
    )
