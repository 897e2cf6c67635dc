"""One core or two: the same corpus. Each run in a process of its own, as users start it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.runner.corpora import documents, good_text, write_jsonl, write_warc

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.timeout(900)]


def test_the_number_of_cores_does_not_matter(tmp_path):
    write_jsonl(tmp_path / "in/a.jsonl", documents(60))
    write_warc(tmp_path / "in/b.warc.gz", [(f"https://w.example/{i}", good_text(i)) for i in range(20)])
    hashes = []
    for master in ("local[1]", "local[2]"):
        arguments = ["--input", str(tmp_path / "in"), "--store", str(tmp_path / master), "--master", master, "--json"]
        command = [sys.executable, "-m", "spark_llmdata.cli.main", "run", "quickstart", *arguments]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=400, check=False)
        assert ran.returncode == 0, ran.stderr
        hashes.append(json.loads(ran.stdout)["corpus"]["content_hash"])
    assert hashes[0] == hashes[1]
