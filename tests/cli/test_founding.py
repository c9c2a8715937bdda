"""Founding a certification body on the command line."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from app.cli.commands import app
from app.kit.alphabet import UndrawableText


def test_a_body_whose_name_no_certificate_can_carry_is_refused_at_once(tmp_path: Path) -> None:
    administrator = ["--administrator", "Ada", "--email", "ada@example.org"]
    command = ["tenant", "create", "認証機関", *administrator, "--var", str(tmp_path / "var")]
    found = CliRunner().invoke(app, command)
    assert isinstance(found.exception, UndrawableText)
    assert "U+8A8D" in str(found.exception.detail)
    assert not (tmp_path / "var").exists()
