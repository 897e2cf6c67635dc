"""The command of a run, put together again from what its manifest says it was asked for."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any


def describe_command(
    manifest: Mapping[str, Any], store: str, *, settings: Sequence[str] = (), recipe: str | None = None
) -> str:
    """The command line that runs the same again, with every option that the result depends on.

    `settings` come behind those of the run. A `recipe`, as the shell takes it, stands for the run's own, with its
    settings and order of stages. Where the run was started from Python, a placeholder stands for what has no name.
    """
    asked = manifest.get("asked") or {}
    words = ["--input", *(asked.get("input") or ["PATH"]), "--store", store]
    if recipe is None:
        named = asked.get("recipe")
        recipe = shlex.quote(named) if named else f"RECIPE ({manifest['recipe']['name']})"
        words += [word for setting in (*asked.get("set", ()), *settings) for word in ("--set", setting)]
        words += ["--optimize"] if asked.get("optimize") else []
        words += ["--sample-rows", str(asked["sample_rows"])] if asked.get("sample_rows") else []
    words += [word for gate in manifest.get("overrides", ()) for word in ("--override-gate", gate)]
    for name in ("sample", "sample_seed", "limit"):
        words += [f"--{name.replace('_', '-')}", str(asked[name])] if asked.get(name) else []
    return f"llmdata run {recipe} {shlex.join(words)}"
