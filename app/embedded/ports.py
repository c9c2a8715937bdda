"""The ports of one installation on 127.0.0.1: chosen once and kept, so that addresses stay true."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from app.embedded.errors import CannotStart

USUAL_WEB = range(8000, 8100)
# Below the ranges from which systems take ports for outgoing connections (from 32768 or 49152):
# one of ours could otherwise be in use, by chance, at any new start.
OTHERS = range(15000, 22000)
ADMIN_GRPC_OFFSET = 10000  # SeaweedFS's own; its worker looks there and nowhere else


@dataclass(frozen=True, slots=True)
class Ports:
    web: int
    postgres: int
    s3: int
    s3_grpc: int
    master: int
    master_grpc: int
    volume: int
    volume_grpc: int
    filer: int
    filer_grpc: int
    admin: int

    @property
    def admin_grpc(self) -> int:
        return self.admin + ADMIN_GRPC_OFFSET

    def of_store(self) -> dict[str, int]:
        """Return every port that the store opens, by what it is for."""
        listed = {name: port for name, port in asdict(self).items() if name not in NOT_STORE}
        return {**listed, "admin_grpc": self.admin_grpc}


NOT_STORE = {"web", "postgres"}
ADMIN = {"admin", "admin_grpc"}  # the second follows from the first


def is_free(port: int) -> bool:
    """Say whether a server could listen on `port` of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def taken(ports: Ports, usable: Callable[[int], bool] = is_free) -> dict[str, int]:
    """Return the ports of the database and the store that cannot be used now."""
    ours = {"postgres": ports.postgres, **ports.of_store()}
    return {name: port for name, port in ours.items() if not usable(port)}


def remembered(path: Path) -> Ports | None:
    """Return the ports kept in `path`, None if there are none that can be read."""
    try:
        found = json.loads(path.read_text())
        return Ports(**{each.name: int(found[each.name]) for each in fields(Ports)})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def settle(path: Path, usable: Callable[[int], bool] = is_free) -> Ports:
    """Return the ports to use now and keep them in `path`.

    A port of the database or the store that another program has taken is chosen anew. The web
    port is never changed: links that people and certificates carry lead to it.
    """
    before = remembered(path)
    ports = _choose(usable) if before is None else _mended(before, usable)
    if ports != before:
        draft = path.with_suffix(".new")
        draft.write_text(json.dumps(asdict(ports), indent=2))
        draft.replace(path)
    return ports


def _choose(usable: Callable[[int], bool]) -> Ports:
    free = _candidates(usable)
    web = next((port for port in USUAL_WEB if usable(port)), None)
    names = [each.name for each in fields(Ports) if each.name not in {"web", *ADMIN}]
    chosen = {name: next(free) for name in names}
    return Ports(web=web or next(free), admin=_admin(free, usable), **chosen)


def _mended(ports: Ports, usable: Callable[[int], bool]) -> Ports:
    free = (port for port in _candidates(usable) if port not in asdict(ports).values())
    lost = set(taken(ports, usable))
    anew = {name: next(free) for name in sorted(lost - ADMIN)}
    if lost & ADMIN:
        anew["admin"] = _admin(free, usable)
    return replace(ports, **anew)


def _admin(free: Iterator[int], usable: Callable[[int], bool]) -> int:
    return next(port for port in free if usable(port + ADMIN_GRPC_OFFSET))


def _candidates(usable: Callable[[int], bool]) -> Iterator[int]:
    # Not a secret: only two installations that start at once should not pick the same.
    shuffled = random.sample(OTHERS, len(OTHERS))
    yield from filter(usable, shuffled)
    raise CannotStart("No port of this machine is free for the embedded services.")
