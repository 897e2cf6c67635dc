"""The picture of a report is what a window of that size shows."""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


def take(repository: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, repository / "jobs" / "report_picture.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_picture_is_as_large_as_asked(repository: Path, tmp_path: Path) -> None:
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        pytest.skip("no Chromium on this machine: no picture was made")
    page = tmp_path / "report.html"
    page.write_text("<!doctype html><section id='funnel'><h2>Funnel</h2></section>", "utf-8")
    picture = tmp_path / "images" / "report.png"
    done = take(repository, page, picture, "--width", "400", "--height", "300", "--at", "funnel", "--dark")
    assert done.returncode == 0, done.stderr
    assert str(picture) in done.stdout
    begin = picture.read_bytes()[:24]
    assert begin[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", begin[16:]) == (400, 300)
    wrong = take(repository, page, picture, "--at", "tokens")
    assert "has no section 'tokens'; it has funnel" in wrong.stderr
