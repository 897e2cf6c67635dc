"""What is refused before a row is read, and after: settings that are no thresholds, rows that are not the run's."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from spark_llmdata.errors import ProofFailed, RecipeError, UsageError
from spark_llmdata.recipe import load_recipe
from spark_llmdata.retuning.answer import check_groups
from spark_llmdata.retuning.api import check_settings, list_settings, save
from spark_llmdata.retuning.change import Change, find_changes


def manifest(asked=None):
    return {"recipe": load_recipe("quickstart").as_dict(), "recipe_folder": None, "asked": asked}


def test_what_is_changed_and_how_to_run_it():
    asked = {"recipe": "quickstart", "input": ["my pages.jsonl"], "set": ["gates.min_kept=1"]}
    setting = "filter.gopher_quality.min_words=80"
    found = find_changes(manifest(asked), [setting], "store")
    assert found.changed == (Change("filter.gopher_quality", "min_words", 50, 80),)
    assert found.command == (
        "llmdata run quickstart --input 'my pages.jsonl' --store store --set gates.min_kept=1 "
        "--set filter.gopher_quality.min_words=80"
    )
    assert "RECIPE (quickstart) --input PATH" in find_changes(manifest(), [setting], "store").command


SETTING = "filter.gopher_quality.min_words=80"


def optimized(order_changed):
    """The manifest of a run whose stages stand in another order than in its recipe, or might have."""
    asked = {"recipe": "quickstart", "input": ["a.jsonl"], "set": ["gates.min_kept=1"], "optimize": True}
    facts = manifest(asked)
    order = [stage["id"] for stage in facts["recipe"]["stages"]]
    return facts | {"optimized": {"order": order, "was": order[::-1] if order_changed else order}}


def test_an_optimized_run_is_run_again_in_its_order():
    moved, stayed = optimized(True), optimized(False)
    plain = f"llmdata run quickstart --input a.jsonl --store store --set gates.min_kept=1 --set {SETTING}"
    assert find_changes(stayed, [SETTING], "store").command == plain
    told = find_changes(moved, [SETTING], "store").command
    assert told == (
        "llmdata run RECIPE (quickstart in the order of this run; --output saves it) --input a.jsonl --store store"
    )
    assert find_changes(moved, [SETTING], "store", "my order.yaml").command == (
        "llmdata run 'my order.yaml' --input a.jsonl --store store"
    )
    with pytest.raises(UsageError, match="--set extract.html.max_depth=10 --optimize$"):
        find_changes(moved, ["extract.html.max_depth=10"], "store")


def test_the_changed_recipe_is_saved_in_the_order_of_the_run(tmp_path):
    facts = manifest()
    first, *rest = facts["recipe"]["stages"]
    facts["recipe"] = {**facts["recipe"], "stages": [first, *rest[::-1]]}
    changes = find_changes(facts, [SETTING], "store", "r.yaml")
    file = tmp_path / "r.yaml"
    save(changes, "a-run", file)
    assert file.read_text("utf-8").startswith(
        "# quickstart as run a-run had it, its stages in the order they had there, but for\n"
        "# filter.gopher_quality.min_words: 80\n"
    )
    assert load_recipe(str(file)).as_dict() == changes.now.as_dict()
    with pytest.raises(UsageError, match="is there already"):
        check_settings([SETTING], file)


@pytest.mark.parametrize(
    ("setting", "error", "complaint"),
    [
        ("filter.gopher_quality.stop_words=[the,of]", UsageError, "stop_words: what the stage measures depends on it"),
        ("filter.gopher_quality.words=whitespace", UsageError, "stored scores answer for max_all_symbols_ratio"),
        ("filter.gopher_quality.id=filter.other", UsageError, "filter.gopher_quality.id"),
        ("extract.html.max_depth=10", UsageError, "the stage keeps no scores that decide by themselves"),
        ("dedup.exact.normalize=nfc", UsageError, "it compares documents"),
        ("filter.gopher_quality.min_wrods=3", RecipeError, "unknown setting, did you mean 'min_words'"),
        ("filter.gopher_quality.min_words=-3", RecipeError, "does not fit"),
        ("filter.gopher_quality.min_words=50", UsageError, "had these values already"),
        ("write.removed_text=none", UsageError, "changes write of the recipe; expected thresholds"),
        ("judge=all", UsageError, "changes judge of the recipe"),
    ],
)
def test_what_scores_cannot_answer(setting, error, complaint):
    with pytest.raises(error, match=complaint):
        find_changes(manifest(), [setting], "store")


def test_a_lang_that_was_replaced_since(tmp_path):
    recipe = tmp_path / "r.yaml"
    first = "name: r\nstages:\n  - filter.language: {threshold: null}\n"
    for text, refused in ((first, False), (first + "  - score.language\n", True)):
        recipe.write_text(text, "utf-8")
        facts = {"recipe": load_recipe(str(recipe)).as_dict(), "recipe_folder": None}
        if refused:
            with pytest.raises(UsageError, match="by a `lang` that score.language has replaced behind it"):
                find_changes(facts, ["filter.language.keep=[de]"], "store")
        else:
            assert len(find_changes(facts, ["filter.language.keep=[de]"], "store").changed) == 1


def group(documents, **others):
    facts = {"then_stage": None, "then_rejected": False, "doubtful": 0, "example": None, "documents": documents}
    return SimpleNamespace(**{**facts, **others})


def test_rows_have_to_be_those_of_the_run():
    record = SimpleNamespace(run="r", manifest={"counts": {"read": 5, "kept": 3, "rejected": 1}})
    groups = [group(3), group(1, then_stage="a"), group(1, then_stage="b", then_rejected=True)]
    check_groups(record, groups)
    with pytest.raises(ProofFailed, match="'read': 4.*manifest says.*'read': 5"):
        check_groups(record, groups[:1] + groups[2:])
    with pytest.raises(ProofFailed, match="do not give the verdicts of 2 documents, such as ab"):
        check_groups(record, [group(3, doubtful=2, example="ab"), *groups[1:]])


def test_settings_come_in_three_forms():
    assert list_settings({"a.b": 1, "c.d": ["x"]}) == ["a.b=1", 'c.d=["x"]']
    assert list_settings(("a.b=1", "c.d=2")) == ["a.b=1", "c.d=2"]
    assert list_settings("a.b=1") == ["a.b=1"]
