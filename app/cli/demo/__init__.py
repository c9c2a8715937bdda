"""The demo: one candidate to a certificate, another to a refusal, as their clients would do it.

Everything goes over the HTTP API and straight to the object store; nothing is called from inside.
Demo people exist only where this was run, in a certification body of their own each time.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

from rich.console import Console

from app.cli.demo.people import Cast, engage
from app.cli.demo.stage import Stage
from app.cli.demo.walk import Walked, certify, download_certificate, refuse
from app.cli.installation import Installation
from app.cli.material import make_material

Summary = dict[str, str | int | float]


def run(here: Installation, console: Console, first_token: str) -> Summary:
    """Walk both candidates, leave the certificate and a summary under `var/demo`, and say where."""
    began = time.monotonic()
    folder = here.var.resolve() / "demo"
    with Stage(console) as stage, engage(here.settings.public_url, first_token) as cast:
        stage.say("Making the evidence: documents, recordings, a film")
        material = make_material(folder / "material", stage.note)
        granted = certify(cast, material, stage)
        pdf = download_certificate(cast, granted, folder, stage)
        refused = refuse(cast, material, stage)
    summary = _summary(here, granted, refused, pdf, began)
    (folder / "summary.json").write_text(json.dumps(summary, indent=2) + "\n", "utf-8")
    _tell(console, here, cast, summary)
    return summary


def _summary(
    here: Installation, granted: Walked, refused: Walked, pdf: Path, began: float
) -> Summary:
    return {
        "certificate_pdf": str(pdf),
        "certificate_number": granted.certificate_number,
        "verification_url": f"{here.settings.public_url}/verify/{granted.certificate_number}",
        "portfolio_id": granted.portfolio_id,
        "snapshot_root": granted.snapshot_root,
        "evidence_files": granted.files,
        "bytes_uploaded": granted.bytes,
        "refused_portfolio_id": refused.portfolio_id,
        "base_url": here.settings.public_url,
        "seconds": round(time.monotonic() - began, 1),
    }


def _tell(console: Console, here: Installation, cast: Cast, summary: Summary) -> None:
    console.print(
        f"\n[bold]Certificate {summary['certificate_number']}[/] for {cast.amira.name}\n"
        f"  {summary['certificate_pdf']}\n"
        f"  {summary['evidence_files']} files, {int(summary['bytes_uploaded']) / 1e6:.0f} MB of"
        f" evidence; snapshot {str(summary['snapshot_root'])[:16]}…\n"
        f"  {summary['seconds']} seconds\n"
        "[bold]make run[/] serves the same data; then check the certificate at\n"
        f"  {summary['verification_url']}",
        highlight=False,
    )
