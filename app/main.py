"""The web process: every router mounted, every refusal answered, nothing decided here."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import timedelta

import uvicorn
from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI, Request, Response
from fastapi.telemetry import TelemetryConfig
from sqlalchemy import text
from starlette.middleware import Middleware

from app.assessment import api as assessment
from app.audit import api as audit
from app.certification import api as certification
from app.evidence import api as evidence
from app.evidence.api.events import Watchers
from app.framework import api as framework
from app.framework.published import PublishedDocuments, Shelf
from app.kit.db import POOL_SIZE, make_engine, make_sessions, transaction
from app.kit.doors import BodyLimit, RequestLog
from app.kit.errors import Unavailable
from app.kit.http import add_problem_handlers, problem_kinds
from app.kit.logs import configure_logs
from app.kit.openapi import describe
from app.kit.routing import mount
from app.kit.settings import Settings
from app.people import api as people
from app.portfolio import api as portfolio
from app.privacy import api as privacy
from app.storage.web import SigningStore
from app.web import invited
from app.web import routes as pages

VERSION = "0.1.0"
ROUTERS = (
    *certification.routers,
    *assessment.routers,
    *evidence.routers,
    portfolio.router,
    *people.routers,
    *framework.routers,
    *audit.routers,
    *privacy.routers,
)

NO_TELEMETRY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
"""FastAPI would report to whatever the environment names; what happens here is nobody else's."""

PATIENCE = timedelta(seconds=15)
"""How long a request waits for the database, before it is refused and may be repeated."""


class NotReadyToServe(Unavailable):
    """The service cannot reach one of its parts; `parts` says which answer."""


def create_app(settings: Settings) -> FastAPI:
    """Put the service together for one installation; importing this module has no effect."""
    engine = make_engine(settings.database_url, patience=PATIENCE)
    app = FastAPI(
        title="MENTORCERT",
        version=VERSION,
        summary="Certifying the competence of business mentors.",
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        lifespan=_few_threads,
        telemetry=NO_TELEMETRY,
        middleware=[
            Middleware(RequestLog),
            Middleware(BodyLimit, max_bytes=settings.max_body_bytes),
        ],
    )
    app.state.settings = settings
    app.state.engine = engine
    app.state.sessions = make_sessions(engine)
    app.state.store = SigningStore.from_settings(settings)
    app.state.published = Shelf()
    app.state.watchers = Watchers()
    operations = mount(app, ROUTERS)
    app.include_router(pages.router)
    app.include_router(invited.router)
    _add_operations(app)
    add_problem_handlers(app)
    describe(app, operations)
    return app


@asynccontextmanager
async def _few_threads(_: FastAPI) -> AsyncIterator[None]:
    """Answer at once what the database can answer at once: more threads would only wait."""
    current_default_thread_limiter().total_tokens = 2 * POOL_SIZE
    with ThreadPoolExecutor(2 * POOL_SIZE, "answers") as threads:
        asyncio.get_running_loop().set_default_executor(threads)
        yield


def _add_operations(app: FastAPI) -> None:
    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, str]:
        """Say that the process is alive."""
        return {"status": "alive"}

    @app.get("/readyz", include_in_schema=False)
    def readyz(request: Request) -> dict[str, str]:
        """Say whether database and store answer."""
        parts = {"database": _database_answers(request), "store": request.app.state.store.answers()}
        shown = {name: "answers" if good else "does not answer" for name, good in parts.items()}
        if not all(parts.values()):
            raise NotReadyToServe(parts=shown)
        return shown

    @app.get("/problems", include_in_schema=False)
    def problems() -> list[dict[str, object]]:
        """List every type of refusal that the service knows."""
        return problem_kinds()

    @app.get("/problems/{slug}", include_in_schema=False)
    def problem_kind(slug: str) -> Response:
        """Explain one type of refusal."""
        for kind in problem_kinds():
            if kind["type"] == f"/problems/{slug}":
                return Response(f"{kind['status']} {kind['title']}\n", media_type="text/plain")
        return Response("There is no such type of problem.\n", 404, media_type="text/plain")


def _database_answers(request: Request) -> bool:
    try:
        with transaction(request.app.state.sessions) as session:
            return bool(session.execute(text("SELECT true")).scalar_one())
    except Exception:  # whatever keeps it from answering, the answer is no
        return False


ABOUT = """
MENTORCERT certifies business mentors: a candidate hands in evidence against the indicators of a
competence framework, referents assess it blind, someone else decides, and anyone can check the
certificate. Authenticate with `Authorization: Bearer mc_…`. Refusals are problem documents
(RFC 9457) with stable types; resources carry an `ETag`, changes need `If-Match`; every write
honours `Idempotency-Key`; lists are paged by `Link: rel="next"`.
"""


def serve(settings: Settings, host: str, port: int) -> None:
    """Run the web process until it is told to stop."""
    configure_logs()
    app = create_app(settings)
    with transaction(app.state.sessions) as session:
        app.state.published.fill(session)
    # What start-up made lives as long as the process: the collector need not look at it again.
    gc.collect()
    gc.freeze()
    gc.enable()
    gc.set_threshold(1_000, 10, 20)
    uvicorn.run(
        # Before everything: what is public and never changes costs less than a line in the log.
        PublishedDocuments(app, app.state.published),
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=15,
    )


def main() -> None:
    """Serve on the address and port that the command line names, by the environment's settings."""
    serve(Settings.read(), sys.argv[1], int(sys.argv[2]))


if __name__ == "__main__":
    main()
