"""Runs over records that an index names: what a server refuses stops the run, and is no fact for later runs."""

from __future__ import annotations

import gzip
import json

import pytest

import spark_llmdata as sl
from tests.sources.lookups import response
from tests.sources.serving import serve

pytestmark = pytest.mark.spark


def test_what_a_server_refused_is_read_by_the_next_run(spark, tmp_path):
    urls = [f"http://a.example/{n}" for n in range(3)]
    files = {f"/{n}.warc.gz": gzip.compress(response(url)) for n, url in enumerate(urls[:2])}
    lengths = {n: str(len(files.get(f"/{n}.warc.gz", b"x"))) for n in range(3)}
    lines = [
        json.dumps({"url": url, "filename": f"{n}.warc.gz", "offset": "0", "length": lengths[n]})
        for n, url in enumerate(urls)
    ]
    (tmp_path / "i.cdxj").write_text("".join(f"key {n} {line}\n" for n, line in enumerate(lines)))

    (tmp_path / "recipe.yaml").write_text("name: pages\nstages:\n  - extract.html\n")

    def run(address: str):
        argument = f"cdx:{tmp_path}/i.cdxj?url=*&archives={address}"
        return sl.run(tmp_path / "recipe.yaml", input=argument, store=tmp_path / "store", spark=spark)

    with serve(files=files, always=403) as site:
        with pytest.raises(Exception, match=r"/\d\.warc\.gz: byte 0 cannot be read \(the server says 403 Forbidden\)"):
            run(site.address)
        site.always = None
        found = run(site.address)
    assert (found.counts["read"], found.counts["kept"], found.counts["rejected"]) == (3, 2, 1)
    [row] = found.fates.where("outcome = 'rejected'").collect()
    assert (row.url, row.reason) == (urls[2], "read.bad_lookup")
