"""Lists of words of the user's own."""

from __future__ import annotations

import gzip

import pytest

from spark_llmdata.stages.filter.c4 import C4


def test_a_file_is_read_once_and_its_words_are_the_setting(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("darn\n\n  very bad \r\n中\n", "utf-8")
    stage = C4(bad_words=str(path))
    assert stage.bad_words == ("darn", "very bad", "中")
    gzipped = tmp_path / "words.gz"
    gzipped.write_bytes(gzip.compress("\ufeffdarn  # mild\n# comment\n\n  very bad \r\n中\n中".encode()))
    assert C4(bad_words=str(gzipped)) == stage
    path.unlink()
    assert C4(**stage.settings()) == stage


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(ValueError, match=r"cannot read the words of 'no/such\.txt'.*expected a file in UTF-8"):
        C4(bad_words="no/such.txt")


def test_a_file_in_a_list_is_no_word(tmp_path, monkeypatch):
    (tmp_path / "words.txt").write_text("darn\n")
    (tmp_path / "darn").write_text("")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        ValueError, match=r"'words\.txt' is a file, but in a list it is a word; name one file by its path"
    ):
        C4(bad_words=["darn", "words.txt"])
    assert C4(bad_words=["darn", "no.txt"]).bad_words == ("darn", "no.txt")


def test_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "words.bin"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match="cannot read the words of"):
        C4(bad_words=str(path))
