#!/usr/bin/env python3
"""Set this project up once, then run one of its commands: `python3 run.py COMMAND [arguments]`.

    demo        the main job on real input, end to end; results in var/demo/
    run         serve at http://localhost:8000
    test        the tests
    lint        style, types, and the order of the packages
    bench       measure
    lock        choose the newest versions allowed and write requirements/*.txt
    mentorcert  the command line, for everything else

Needs Python 3.11 or newer with venv, and nothing else. Only the standard library is used here, and
only words that an older Python can read, so that it can say what is wrong.
"""
# ruff: noqa: S603, S606, T201 - it prints, starts programs, and becomes one of them

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:
    sys.exit("This runs on Linux and macOS. On Windows, use it inside WSL.")

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LAUNCHER = VENV / "bin" / "mentorcert"
STAMP = VENV / "installed.json"
UNFINISHED = VENV / "unfinished"
REQUIREMENTS = ROOT / "requirements"

OLDEST = (3, 11)
# Which lock a command needs; "dev" holds all of "service".
LOCKS = {
    "demo": "service",
    "run": "service",
    "mentorcert": "service",
    "bench": "dev",
    "test": "dev",
    "lint": "dev",
    "lock": "dev",
}


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] not in LOCKS:
        print(__doc__)
        return 0 if arguments[:1] in (["-h"], ["--help"]) else 2
    command, rest = arguments[0], arguments[1:]
    check_python()
    set_up(LOCKS[command])
    if command != "mentorcert":
        os.chdir(str(ROOT))
    if command == "lint":
        return lint()
    if command == "lock":
        return lock()
    become(command, rest)
    return 0


def check_python() -> None:
    """Stop with a plain sentence if this Python cannot do it."""
    if sys.version_info < OLDEST:
        found = ".".join(str(number) for number in sys.version_info[:3])
        sys.exit(
            f"This needs Python 3.11 or newer, and {sys.executable} is Python {found}.\n"
            "Install a newer one and name it, for example: make demo PYTHON=python3.12"
        )
    missing = [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]
    if missing:
        sys.exit(
            f"This Python ({sys.executable}) comes without {' and '.join(missing)}.\n"
            "On Debian and Ubuntu: apt-get install python3-venv"
        )


def set_up(lock_name: str) -> None:
    """Have everything that `lock_name` lists in .venv; quick when it is there already.

    Two runs at once wait for each other, and what a killed run left half done is made anew.
    """
    if is_set_up(lock_name):
        return
    with alone():
        if is_set_up(lock_name):
            return
        if not is_sound():
            say("Making the virtual environment .venv …")
            make_venv()
        UNFINISHED.touch()
        say("Installing what the project needs, as locked in requirements/ …")
        install(lock_name)
        add_project()
        write_stamp(lock_name)
        UNFINISHED.unlink()


def is_set_up(lock_name: str) -> bool:
    return stamped().get(lock_name) == digest(lock_name) and is_sound()


def stamped() -> dict[str, str]:
    try:
        return dict(json.loads(STAMP.read_text()))
    except (OSError, ValueError):
        return {}


def digest(lock_name: str) -> str:
    """Return what the installed packages depend on, as one number."""
    content = (REQUIREMENTS / f"{lock_name}.txt").read_bytes()
    return hashlib.sha256(content).hexdigest()


def is_sound() -> bool:
    """Say whether .venv is finished, was made at this very place, and its Python runs."""
    if UNFINISHED.exists():
        return False
    try:
        made_here = str(VENV) in (VENV / "bin" / "activate").read_text()
        ours = f"import sys; sys.exit(sys.version_info < {OLDEST!r})"
        return made_here and subprocess.call([str(PYTHON), "-I", "-S", "-c", ours]) == 0
    except OSError:
        return False


@contextmanager
def alone() -> Iterator[None]:
    """Let one run at a time through; the lock lies outside .venv, which may be made anew."""
    (ROOT / "var").mkdir(exist_ok=True)
    with (ROOT / "var" / "setup.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another run is setting this project up; waiting for it …")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def make_venv() -> None:
    if VENV.is_symlink():
        VENV.unlink()
    shutil.rmtree(str(VENV), ignore_errors=True)
    VENV.mkdir()
    UNFINISHED.touch()
    # As a command, so that a Python inside another virtual environment does it as well.
    check([sys.executable, "-m", "venv", str(VENV)])


def install(lock_name: str) -> None:
    """Install the locked packages, each checked against its hash: by uv, or else by pip."""
    requirements = ["--require-hashes", "-r", str(REQUIREMENTS / f"{lock_name}.txt")]
    uv = VENV / "bin" / "uv"
    bootstrap = ["--require-hashes", "-r", str(REQUIREMENTS / "bootstrap.txt")]
    if subprocess.call(pip(bootstrap)) == 0:
        # Compiled once, here: where Python may not keep bytecode, each start would compile it all.
        quiet = ["--quiet", "--compile-bytecode", "--python", str(PYTHON)]
        by_uv = [str(uv), "pip", "install", *quiet, *requirements]
        if subprocess.call(by_uv) == 0:
            return
    say("uv cannot do it here; pip does it, which takes a minute …")
    check(pip(requirements))


def pip(arguments: list[str]) -> list[str]:
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    return [str(PYTHON), "-m", "pip", "install", *quiet, *arguments]


def add_project() -> None:
    """Make `import app` and the command `mentorcert` work in .venv; there is nothing to build."""
    packages = subprocess.check_output(
        [str(PYTHON), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        universal_newlines=True,
    )
    Path(packages.strip(), "mentorcert.pth").write_text(f"{ROOT}\n")
    # Started through sh, for a "#!" line may be neither long nor hold a blank.
    LAUNCHER.write_text(
        "#!/bin/sh\n"
        f'\'\'\'exec\' "{PYTHON}" "$0" "$@"\n'
        "' '''\n"
        "import sys\n\nfrom app.cli import main\n\n"
        'if __name__ == "__main__":\n    sys.exit(main())\n'
    )
    LAUNCHER.chmod(0o755)
    check([str(PYTHON), "-m", "compileall", "-q", str(ROOT / "app")])


def write_stamp(lock_name: str) -> None:
    """Write down what is installed, last and at once."""
    names = ["dev", "service"] if lock_name == "dev" else [lock_name]
    known = dict(stamped(), **{name: digest(name) for name in names})
    draft = STAMP.with_suffix(".new")
    draft.write_text(json.dumps(known))
    draft.replace(STAMP)


def become(command: str, rest: list[str]) -> None:
    """Hand over to the command; does not return."""
    programs = {
        "demo": [str(LAUNCHER), "demo"],
        "run": [str(LAUNCHER), "serve"],
        "bench": [str(LAUNCHER), "bench"],
        "mentorcert": [str(LAUNCHER)],
        "test": ["-m", "pytest"],
    }
    sys.stdout.flush()
    os.execv(str(PYTHON), [str(PYTHON), *programs[command], *rest])


def lint() -> int:
    """Run every check, also after one has failed; the result is 0 only if all passed."""
    checks = [["ruff", "check"], ["ruff", "format", "--check"], ["mypy"], ["lint-imports"]]
    failed = []
    for name, *options in checks:
        say(" ".join([name, *options]))
        if subprocess.call([str(VENV / "bin" / name), *options]) != 0:
            failed.append(name)
    if failed:
        say("Failed: " + ", ".join(failed))
    return 1 if failed else 0


def lock() -> int:
    """Write the requirement files anew from pyproject.toml. They name no registry host."""
    form = ["--generate-hashes", "--no-emit-index-url", "--universal", "--python-version", "3.11"]
    compile_ = [str(VENV / "bin" / "uv"), "pip", "compile", "pyproject.toml", "--quiet", *form]
    brief = [*compile_, "--no-header", "--no-annotate"]
    check([*brief, "-o", "requirements/service.txt"])
    dev = ["--group", "dev", "-c", "requirements/service.txt"]
    check([*brief, *dev, "-o", "requirements/dev.txt"])
    lines = (REQUIREMENTS / "dev.txt").read_text().splitlines()
    (REQUIREMENTS / "bootstrap.txt").write_text("\n".join(entry(lines, "uv")) + "\n")
    return 0


def entry(lines: list[str], package: str) -> list[str]:
    """Return the lines of one package, its hashes with it."""
    start = next(at for at, line in enumerate(lines) if line.startswith(package + "=="))
    after = (at for at in range(start + 1, len(lines)) if not lines[at].startswith(" "))
    return lines[start : next(after, len(lines))]


def check(command: list[str]) -> None:
    """Run a command that must succeed."""
    if subprocess.call(command) != 0:
        sys.exit("This failed: " + " ".join(command))


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
