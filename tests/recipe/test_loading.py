"""Recipes: what is right is read, what is wrong is told all at once, with its place and a remedy."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from spark_llmdata.errors import RecipeError
from spark_llmdata.plan import make_plan
from spark_llmdata.recipe import load_recipe
from spark_llmdata.recipe.loading import rebuild_recipe
from spark_llmdata.stages.dedup.exact import DedupExact
from spark_llmdata.stages.filter.gopher_quality import GopherQuality


@pytest.fixture
def write(tmp_path: Path):
    def _write(text: str) -> str:
        path = tmp_path / "recipe.yaml"
        path.write_text(dedent(text), encoding="utf-8")
        return str(path)

    return _write


def problems(path: str, settings: tuple[str, ...] = ()) -> list[str]:
    with pytest.raises(RecipeError) as raised:
        load_recipe(path, settings)
    return [p.rsplit("recipe.yaml:", 1)[-1] for p in raised.value.problems]


def test_the_quickstart_comes_with_the_package():
    recipe = load_recipe("quickstart")
    assert [s.name for s in recipe.stages] == ["extract.html", "filter.gopher_quality", "dedup.exact"]
    assert recipe.gates.max_removed_of("dedup.exact") == 0.98


def test_which_documents_are_judged(write):
    stages = "stages:\n  - filter.gopher_quality\n"
    assert load_recipe(write(f"name: a\n{stages}")).judge == "alive"
    recipe = load_recipe(write(f"name: a\njudge: all\n{stages}"))
    assert recipe.judge == load_recipe(write(f"name: a\n{stages}"), ["judge=all"]).judge == "all"
    assert rebuild_recipe(recipe.as_dict(), recipe.folder).as_dict() == recipe.as_dict()
    old = {k: v for k, v in recipe.as_dict().items() if k != "judge"}  # as manifests were before the setting was there
    assert rebuild_recipe(old, recipe.folder).judge == "alive"
    with pytest.raises(RecipeError, match=":2: `judge` is 'some'; expected alive, or all"):
        load_recipe(write(f"name: a\njudge: some\n{stages}"))


@pytest.mark.parametrize(
    "settings",
    ["preset: fineweb", "bands: 20, rows: 5", "threshold: 0.9, num_hashes: 64", "survivor: [], words: mixed"],
)
def test_near_duplicates_are_rebuilt_from_what_a_manifest_spells_out(write, settings):
    recipe = load_recipe(write(f"name: a\nstages:\n  - dedup.minhash: {{{settings}}}\n"))
    again = rebuild_recipe(recipe.as_dict(), recipe.folder)
    assert again.stages[0].fingerprint() == recipe.stages[0].fingerprint()
    assert again.as_dict() == recipe.as_dict()


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ("bands: 14", "bands and rows go together; give both, or neither"),
        ("rows: 8", "bands and rows go together; give both, or neither"),
        ("preset: fineweb, bands: 14, rows: 8", "preset fineweb says how signatures are cut; take out bands, rows"),
        (
            "num_hashes: 5",
            "dedup.minhash: {'num_hashes': 5} does not fit: 5 hashes cannot find pairs at 0.8 with probability 0.9999",
        ),
        ("bands: 14, rows: 8, recall: 0.9", "bands 14, rows 8 says how signatures are cut; take out recall"),
        ("bands: 60000, rows: 1000", "at most 1048576 hashes"),
        ("threshold: 0.12345678", "threshold 0.12345678; expected six decimals at most"),
        ("threshold: 0", "threshold: 0 does not fit: input should be greater than 0"),
        ("threshold: 1.5", "threshold: 1.5 does not fit: input should be less than or equal to 1"),
        ("survivor: [longst]", "no survivor key 'longst', did you mean 'longest'?"),
        ("engine: sparkml", "engine: 'sparkml' does not fit: input should be 'native', 'spark_ml' or 'datasketch'"),
        ("engine: datasketch, bands: 1, rows: 8", "engine datasketch needs 2 bands or more, there is 1"),
    ],
)
def test_settings_of_near_duplicates_that_cannot_work(write, settings, complaint):
    (problem,) = problems(write(f"name: a\nstages:\n  - dedup.exact\n  - dedup.minhash: {{{settings}}}\n"))
    assert problem.startswith("4: ")
    assert complaint in problem


def test_one_stage_is_a_recipe(write):
    recipe = load_recipe(write("name: one\nstages: [dedup.exact]\n"))
    assert recipe.stages == (DedupExact(),)


def test_settings_are_typed_and_named_stages_may_repeat(write):
    recipe = load_recipe(
        write(
            """
            name: two
            stages:
              - filter.gopher_quality: {min_words: 10}
              - filter.gopher_quality:
                  id: filter.strict
                  min_words: 100
            """
        )
    )
    assert [(s.name, s.min_words) for s in recipe.stages] == [("filter.gopher_quality", 10), ("filter.strict", 100)]
    assert recipe.stages[1].score_columns()[0] == "strict_n_words"


def test_set_reaches_stages_sections_and_the_name(write):
    path = write("name: a\nstages:\n  - filter.gopher_quality\n  - dedup.exact\n")
    recipe = load_recipe(
        path,
        (
            "filter.gopher_quality.min_words=7",
            "filter.gopher_quality.stop_words=[und, der]",
            "gates.max_removed.dedup.exact=0.5",
            "read.columns.text=content",
            "name=b",
        ),
    )
    stage = recipe.stages[0]
    assert isinstance(stage, GopherQuality)
    assert (stage.min_words, stage.stop_words, recipe.name) == (7, ("und", "der"), "b")
    assert recipe.gates.max_removed_of("dedup.exact") == 0.5
    assert recipe.gates.max_removed_of("filter.gopher_quality") == 0.98
    assert recipe.read.sources()["text"] == "content"


def test_the_longest_stage_name_wins(write):
    path = write(
        """
        name: a
        stages:
          - filter.gopher_quality: {id: filter}
          - filter.gopher_quality
        """
    )
    recipe = load_recipe(path, ("filter.gopher_quality.min_words=7", "filter.min_words=3"))
    assert [s.min_words for s in recipe.stages] == [3, 7]


def test_a_column_taken_by_a_mapping_serves_no_other(write):
    recipe = load_recipe(write("name: a\nread: {columns: {text: url}}\nstages: [dedup.exact]\n"))
    assert recipe.read.sources() == {"id": "id", "text": "url", "date": "date", "lang": "lang", "source": "source"}


def test_all_problems_at_once_with_line_and_remedy(write):
    found = problems(
        write(
            """\
            name:
            stagse: []
            stages:
              - filter.gopher_qality
              - filter.gopher_quality:
                  min_wrods: 3
                  max_symbol_ratio: -1
              - dedup.exact
              - dedup.exact
            gates:
              max_removed: 1.5
            """
        ),
        ("filter.gopher_quality.min_words=many", "nothing.here=1", "noequals"),
    )
    text = "\n".join(found)
    lines = [int(problem.split(":")[0]) for problem in found if problem[0].isdigit()]
    assert (lines, len(lines)) == (sorted(lines), len(found) - 3), "the file's in its order, then those of --set"
    assert all(problem.startswith("--set") for problem in found[len(lines) :])
    assert "1: `name` is None" in text
    assert "2: unknown key 'stagse', did you mean 'stages'?" in text
    assert "4: unknown stage 'filter.gopher_qality', did you mean 'filter.gopher_quality'?" in text
    assert "6: filter.gopher_quality.min_wrods: unknown setting, did you mean 'min_words'?" in text
    assert "7: filter.gopher_quality.max_symbol_ratio: -1 does not fit" in text
    assert "9: stage dedup.exact occurs twice; give one of them an id" in text
    assert "11: gates.max_removed" in text
    assert "--set filter.gopher_quality.min_words=many: filter.gopher_quality.min_words: 'many' does not fit" in text
    assert "--set nothing.here=1: no setting of a stage or section in 'nothing.here'" in text
    assert "--set noequals: expected path=value" in text


def test_a_gate_for_one_stage_leaves_the_others_bound(write):
    path = write("name: a\nstages: [filter.gopher_quality, dedup.exact]\ngates: {max_removed: 0.3}\n")
    gates = load_recipe(path, ("gates.max_removed.dedup.exact=0.5", "gates.max_removed.read=1.0")).gates
    assert [gates.max_removed_of(s) for s in ("filter.gopher_quality", "dedup.exact", "read")] == [0.3, 0.5, 1.0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: a\nstages: [{dedup.exact: {id: a.x}}, {filter.gopher_quality: {id: b.x}}]\n", "both end in 'x'"),
        ("name: a\nstages: [{dedup.exact: {id: read}}]\n", "take another id"),
        ("name: a\nstages: [{dedup.exact: fast, id: x}]\n", "is no stage; expected `kind`"),
        ("", "a recipe is a mapping"),
        ("- a\n- b\n", "a recipe is a mapping"),
        ("name: a\nstages: dedup.exact\n", "expected a list with at least one stage"),
        ("name: a\nstages: []\n", "expected a list with at least one stage"),
        ("name: a\nstages: [{dedup.exact: 3}]\n", "is no stage; expected `kind`"),
        ("name: a\nname: b\nstages: [dedup.exact]\n", "2: 'name' is given twice"),
        ("name: [a\n", "not valid YAML"),
        ("name: a\nread: 3\nstages: [dedup.exact]\n", "`read` is 3; expected a mapping"),
        ("name: a\nread: {columns: {txt: b}}\nstages: [dedup.exact]\n", "txt: no such column"),
        ("name: a\nstages: [no_such_module.Stage]\n", "cannot be imported: ModuleNotFoundError"),
        ("name: a\nstages: [pathlib.Path]\n", "pathlib.Path is no stage"),
        ("name: a\nstages: [dedup.exact]\ngates: {max_removed: {dedup.exat: 0.5}}\n", "did you mean 'dedup.exact'?"),
    ],
)
def test_wrong_recipes(write, text, words):
    assert words in "\n".join(problems(write(text)))


def test_an_unknown_recipe_names_those_there_are():
    with pytest.raises(RecipeError, match="did you mean 'quickstart'"):
        load_recipe("quickstrat")


def test_gates_by_source_and_stage(write):
    path = write(
        "name: a\nstages: [filter.gopher_quality, dedup.exact]\n"
        "gates: {max_removed_by_source: {wiki: 0.3}, max_rejected: {read: 0.1}}\n"
    )
    gates = load_recipe(path, ("gates.max_removed_by_source.wiki.dedup.exact=0.5", "gates.min_kept=7")).gates
    assert gates.max_removed_of_source("wiki", "dedup.exact") == 0.5
    assert gates.max_removed_of_source("wiki", "filter.gopher_quality") == 0.3
    assert (gates.max_rejected_of("read"), gates.max_rejected_of("dedup.exact"), gates.min_kept) == (0.1, 0.5, 7)
    path = write("name: a\nstages: [dedup.exact]\ngates: {max_removed_by_source: {wiki: {dedup.exat: 0.5}}}\n")
    (problem,) = problems(path)
    assert "gates.max_removed_by_source.wiki names 'dedup.exat'" in problem
    assert "did you mean 'dedup.exact'?" in problem


def test_a_users_own_stage_goes_by_its_class_name(write, tmp_path):
    (tmp_path / "rules_of_mine.py").write_text(
        "from spark_llmdata import RowStage\n\n\nclass NoRecipes(RowStage):\n    word: str = 'serves'\n\n"
        "    def judge(self, docs):\n        raise NotImplementedError\n"
    )
    path = write("name: a\nstages: [rules_of_mine.NoRecipes]\n")
    recipe = load_recipe(path, ("no_recipes.word=takes", "gates.max_removed.no_recipes=0.5"))
    assert (recipe.stages[0].name, recipe.stages[0].word) == ("no_recipes", "takes")
    assert recipe.gates.max_removed_of("no_recipes") == 0.5


def test_a_source_may_hold_dots(write):
    path = write("name: a\nstages: [filter.gopher_quality]\n")
    setting = "gates.max_removed_by_source.en.wikipedia.org"
    gates = load_recipe(path, (f"{setting}=0.4", f"{setting}.filter.gopher_quality=0.7")).gates
    assert gates.max_removed_by_source == {"en.wikipedia.org": {"default": 0.4, "filter.gopher_quality": 0.7}}


@pytest.mark.parametrize("value", ["abc", "[1]", "{x: 1}"])
def test_a_setting_of_several_types_is_complained_of_once(write, value):
    path = write("name: a\nstages: [dedup.exact]\n")
    (problem,) = problems(path, (f"gates.max_removed.dedup.exact={value}",))
    assert problem.startswith("--set gates.max_removed.dedup.exact")
    assert "float" not in problem.split("does not fit")[0]


def test_a_manifest_holds_the_whole_recipe(write):
    path = write(
        "name: a\nread: {columns: {text: body}}\n"
        "stages: [filter.gopher_quality: {min_words: 7, id: short}, dedup.exact]\n"
    )
    recipe = load_recipe(path)
    again = rebuild_recipe(recipe.as_dict(), recipe.folder)
    assert again.as_dict() == recipe.as_dict()
    assert [s.fingerprint() for s in again.stages] == [s.fingerprint() for s in recipe.stages]


def test_survivor_keys_are_checked_where_they_stand(write):
    text = """
        name: a
        stages:
          - dedup.exact:
              survivor: [longest, newst]
          - dedup.exact:
              id: dedup.other
              survivor: [priority]
        """
    first, second = problems(write(text))
    assert first.startswith("5: dedup.exact.survivor: ")
    assert "no survivor key 'newst', did you mean 'newest'?" in first
    assert "dedup.exact.priority: {} does not fit: the survivor key 'priority' needs numbers" in second
    stage = load_recipe(write("name: a\nstages:\n  - dedup.exact: {survivor: newest}\n")).stages[0]
    assert stage == DedupExact(survivor=("newest", "doc_id"))


@pytest.mark.parametrize(
    ("stage", "complaint"),
    [
        ("filter.gopher_quality: {min_words: 9, max_words: 5}", "`min_words: 9` and `max_words: 5` leave nothing"),
        (
            "filter.gopher_quality: {min_mean_word_length: 9, max_mean_word_length: 5}",
            "expected min_mean_word_length to be 5.0 or less",
        ),
        ("filter.http: {min_payload_bytes: 9, max_payload_bytes: 5}", "`max_payload_bytes: 5` leave nothing"),
        (
            "filter.gopher_quality: {stop_words: []}",
            "`min_stop_words: 2` asks for words of `stop_words`, which is empty",
        ),
        ("filter.url: {categories: []}", "filter.url.categories: [] does not fit: expected 1 or more of them"),
        ("filter.http: {statuses: []}", "filter.http.statuses: [] does not fit: expected 1 or more of them"),
        ("filter.http: {content_types: []}", "filter.http.content_types: [] does not fit: expected 1 or more"),
        ("filter.http: {statuses: [20]}", "filter.http.statuses.0: 20 does not fit"),
        ("filter.gopher_repetition: {max_dup_line_ratio: 1.5}", "max_dup_line_ratio: 1.5 does not fit"),
        ("filter.url: {ignore_case: false}", "`ignore_case: false` and `url_form: c4` contradict each other"),
        ("filter.url: {allow_domains: ['a.com:80']}", 'allow_domains: "a.com:80" is no domain: it has a port'),
        ("filter.url: {exclude_domains: [a.com/x]}", 'exclude_domains: "a.com/x" is no domain: it has a path'),
        ("filter.language: {keep: en}", "filter.language.keep: 'en' does not fit: expected a list"),
    ],
)
def test_settings_that_no_document_could_meet(write, stage, complaint):
    (problem,) = problems(write(f"name: a\nstages:\n  - score.language\n  - {stage}\n"))
    assert problem.startswith("4: ")
    assert complaint in problem


@pytest.mark.parametrize("keep", ["[]", "3", "[3]"])
def test_a_wrong_setting_of_a_stage_is_no_clash_of_names(write, keep):
    (problem,) = problems(write(f"name: a\nstages:\n  - score.language\n  - filter.language: {{keep: {keep}}}\n"))
    assert "filter.language.keep" in problem


def test_what_is_set_is_not_blamed_on_the_file(write):
    path = write("name: a\nstages:\n  - filter.gopher_quality: {min_words: 9}\n")
    sets = ("filter.gopher_quality.max_words=5", "gates.max_removed.nowhere=0.5", "write.removed_text=some", "name=")
    told = problems(path, sets)
    assert len(told) == len(sets)
    for setting in sets:
        assert sum(problem.startswith(f"--set {setting}: ") for problem in told) == 1, told


def test_an_order_that_cannot_be_is_told_with_its_line(write):
    path = write("name: a\nstages:\n  - dedup.exact\n  - extract.html\n  - filter.http\n  - filter.language\n")
    with pytest.raises(RecipeError) as told:
        make_plan(load_recipe(path))
    lines = [problem.removeprefix(f"{path}:").split(": ")[0] for problem in told.value.problems]
    assert lines == ["4", "5", "6"]


@pytest.mark.parametrize("key", ["no", "off", "yes", "True"])
def test_a_key_that_yaml_reads_as_true_or_false_is_refused(write, key):
    path = write(f"name: a\nstages:\n  - filter.gopher_quality:\n      by_language:\n        {key}: {{min_words: 7}}\n")
    (told,) = problems(path)
    read = {"no": "false", "off": "false"}.get(key, "true")
    assert told == f'5: YAML reads the key {key} as {read}; expected a name: put it in quotes, "{key}"'


def test_the_language_no_is_norwegian(write):
    path = write('name: a\nstages:\n  - filter.gopher_quality: {by_language: {"no": {min_words: 7}}}\n')
    assert load_recipe(path).stages[0].variant("nob").min_words == 7
    bare = write("name: a\nstages:\n  - filter.gopher_quality\n")
    recipe = load_recipe(bare, ["filter.gopher_quality.by_language.no.min_words=7"])
    assert recipe.stages[0].variant("no").min_words == 7
    (told,) = problems(bare, ("filter.gopher_quality.by_language={no: {min_words: 7}}",))
    assert "put the code in quotes" in told


def test_no_setting_is_put_into_the_path_of_a_file(write, tmp_path):
    """What the file says would be lost."""
    (tmp_path / "is.yaml").write_text("gopher_quality: {stop_words: [og, sem], min_words: 10}\n", "utf-8")
    path = write(f"name: a\nstages:\n  - filter.gopher_quality: {{by_language: {{is: {tmp_path}/is.yaml}}}}\n")
    assert load_recipe(path).stages[0].variant("is").min_words == 10
    setting = "filter.gopher_quality.by_language.is.min_words=30"
    (told,) = problems(path, (setting,))
    assert told.startswith(f"--set {setting}: by_language.is is '{tmp_path}/is.yaml' in the recipe, which")
    beside = load_recipe(path, ["filter.gopher_quality.by_language.de.min_words=30"]).stages[0]
    assert (beside.variant("is").min_words, beside.variant("de").min_words) == (10, 30)
