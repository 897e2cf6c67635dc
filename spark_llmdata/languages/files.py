"""Settings by language in files: one of YAML for each, the stages' settings under the last word of their kind."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

#: Written in C where PyYAML was built with it: a tenth of the time.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

#: By the noun of a stage's kind, its settings.
Sections = Mapping[str, Mapping[str, Any]]


@cache
def packaged() -> Mapping[str, Sections]:
    """What comes with the package, by canonical name of the language (see `labels`)."""
    folder = resources.files("spark_llmdata.languages") / "data"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name)
    return {f.name.removesuffix(".yaml"): yaml.load(f.read_text("utf-8"), LOADER) for f in files}


def read(path: str, noun: str) -> Mapping[str, Any]:
    """The settings of one stage in a user's file; none where the file does not speak of that stage.

    Raises:
        ValueError: the file cannot be read, or is no mapping of stages to settings.
    """
    wanted = f"expected a YAML file with settings under the stage's name, such as `{noun}: {{...}}`"
    try:
        sections = yaml.safe_load(Path(path).read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ValueError(f"cannot read the settings of a language in {path!r}: {error}; {wanted}") from error
    if not isinstance(sections, dict) or not all(isinstance(s, dict) for s in sections.values()):
        raise ValueError(f"{path!r} holds {type(sections).__name__}; {wanted}")
    known = {name for settings in packaged().values() for name in settings}
    if unknown := sorted(str(name) for name in set(sections) - known - {noun}):
        raise ValueError(f"{path!r} has settings of {', '.join(unknown)}; expected some of {', '.join(sorted(known))}")
    return dict(sections.get(noun, {}))
