"""Making certificates: the worker's own job beside the least that draws and keeps one.

`python -m bench.certificates PROGRAM FIRST COUNT` makes some and prints the CPU time taken, in a
process of its own, as the worker is one.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from statistics import median

import psycopg
from psycopg.types.json import set_json_loads

from app.certification.face import CertificateFace
from app.certification.handlers import draw_certificate
from app.certification.pdf import draw
from app.cli.processes import environment
from app.jobs.shift import Shift
from app.kit.db import make_engine, make_sessions
from app.kit.settings import Settings
from app.mail.choice import post_of
from app.storage.s3 import S3Store
from bench import cpu
from bench.limit import entry
from bench.rounds import Figures, Measured
from bench.seed import CERTIFICATE, TENANT, row_id
from bench.servers import CannotMeasure

COUNT = 12
WARM_UP = 2
NOBODY = row_id(0, 0)

FACE = """
SELECT c.number, c.facts::json, c.issued_on, c.valid_until, c.portfolio_id, p.language
FROM certificate c JOIN person p ON p.tenant_id = c.tenant_id AND p.id = c.holder_id
WHERE c.id = %s AND c.pdf_key IS NULL
"""
KEEP = """
WITH kept AS (
    UPDATE certificate SET pdf_key = %(key)s, pdf_sha256 = %(sha256)s WHERE id = %(id)s
    RETURNING portfolio_id)
SELECT record_entry(k.portfolio_id, %(at)s, %(actor)s, 'certification.certificate_drawn', %(id)s,
                    %(body)s) FROM kept k
"""


def shift_of(settings: Settings) -> Shift:
    """Return what the worker's jobs work with."""
    return Shift(
        make_sessions(make_engine(settings.worker_database_url, pool_size=1)),
        S3Store.from_settings(settings),
        row_id(TENANT, 0),
        settings.public_url,
        post_of(settings),
    )


def by_service(settings: Settings) -> Callable[[int], None]:
    """Return the worker's job, ready to be run for a certificate."""
    shift = shift_of(settings)
    return lambda number: draw_certificate(shift, row_id(CERTIFICATE, number))


def by_hand(settings: Settings) -> Callable[[int], None]:
    """Return the same done with the driver alone."""
    store = S3Store.from_settings(settings)
    connection = psycopg.connect(settings.worker_database_url, autocommit=True, prepare_threshold=0)
    set_json_loads(json.loads, connection)
    tenant = str(row_id(TENANT, 0))

    def make(number: int) -> None:
        id_ = row_id(CERTIFICATE, number)
        with connection.transaction():
            connection.execute("SELECT set_config('app.tenant', %s, true)", [tenant])
            row = connection.execute(FACE, [id_]).fetchone()
        if row is None:
            raise CannotMeasure("There is no such certificate to be drawn.")
        pdf = draw(_face(row, settings.public_url))
        sha256 = hashlib.sha256(pdf).hexdigest()
        key = f"certificates/{id_}/{sha256}.pdf"
        store.put(key, pdf, "application/pdf")
        now = datetime.now(UTC)
        facts = {"sha256": sha256}
        body = entry(now, NOBODY, "certification.certificate_drawn", id_, facts)
        values = {"key": key, "sha256": sha256, "id": id_, "at": now, "body": body}
        with connection.transaction():
            connection.execute("SELECT set_config('app.tenant', %s, true)", [tenant])
            connection.execute(KEEP, {**values, "actor": NOBODY})

    return make


def _face(row: tuple[object, ...], public_url: str) -> CertificateFace:
    number, facts, issued_on, valid_until, _, language = row
    if not (
        isinstance(facts, dict)
        and isinstance(language, str)
        and isinstance(issued_on, date)
        and isinstance(valid_until, date)
    ):
        raise CannotMeasure("The certificate's row is not as expected.")
    return CertificateFace(
        number=str(number),
        holder_name=facts["holder_name"],
        level_title=facts["level_title"][language],
        scheme_title=facts["scheme_title"][language],
        scheme_version=facts["scheme_version"],
        framework_title=facts["framework_title"][language],
        framework_version=facts["framework_version"],
        issuer=facts["issuer"],
        issued_on=issued_on,
        valid_until=valid_until,
        competences=[(won["number"], won["title"][language]) for won in facts["competences"]],
        labels=[],
        verification_url=f"{public_url}/verify/{number}",
        language=language,
    )


PROGRAMS = {"service": by_service, "limit": by_hand}


def measure(settings: Settings, postmaster: int, rounds: int) -> Measured:
    """Have certificates made by both programs in turn."""
    taken: dict[str, list[Figures]] = {name: [] for name in PROGRAMS}
    first = 0
    for _ in range(rounds):
        for name in PROGRAMS:
            taken[name].append(_round(settings, postmaster, name, first))
            first += WARM_UP + COUNT
    figures = [
        Figures(
            *(
                median(getattr(one, field) for one in taken[name])
                for field in ("cpu_us", "program_cpu_us", "per_second", "p50_ms", "p99_ms")
            )
        )
        for name in PROGRAMS
    ]
    return Measured("certificate_made", "certificate made (PDF)", *figures)


def _round(settings: Settings, postmaster: int, name: str, first: int) -> Figures:
    process = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "bench.certificates", name, str(first), str(postmaster)],
        env=environment(settings),
        capture_output=True,
        text=True,
    )
    if process.returncode != 0:
        raise CannotMeasure(f"Certificates are not made: {process.stderr[-2000:]}")
    return Figures(**json.loads(process.stdout))


def main(name: str, first: int, postmaster: int) -> None:
    make = PROGRAMS[name](Settings.read())
    for number in range(first, first + WARM_UP):
        make(number)
    own, database = time.process_time(), cpu.used_by_family(postmaster)
    began, times = time.perf_counter(), []
    for number in range(first + WARM_UP, first + WARM_UP + COUNT):
        at = time.perf_counter()
        make(number)
        times.append((time.perf_counter() - at) * 1e3)
    seconds = time.perf_counter() - began
    own, database = time.process_time() - own, cpu.used_by_family(postmaster) - database
    times.sort()
    figures = {
        "cpu_us": (own + database) / COUNT * 1e6,
        "program_cpu_us": own / COUNT * 1e6,
        "per_second": COUNT / seconds,
        "p50_ms": times[COUNT // 2],
        "p99_ms": times[-1],
    }
    print(json.dumps(figures))  # noqa: T201 - that is how it answers


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
