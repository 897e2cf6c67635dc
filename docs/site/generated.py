"""Pages written by what they describe: stages, how to contribute, changes, decisions (a hook of MkDocs)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from spark_llmdata.report.stages import describe
from spark_llmdata.stages import BUILTIN

ROOT = Path(__file__).resolve().parents[2]
#: A link to a file of the repository that is no page here.
OUTSIDE = re.compile(r"\[(?P<text>[^\]]+)\]\((?P<path>\.\./[^)]*)\)")
_PAGES = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changes.md"}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the generated pages into the navigation."""
    families: dict[str, list[dict[str, str]]] = {}
    for kind in BUILTIN:
        families.setdefault(kind.partition(".")[0], []).append({kind: f"stages/{kind}.md"})
    config.nav = [
        *(config.nav or []),
        {"Stages": ["stages/index.md", *({family: pages} for family, pages in families.items())]},
        {
            "Project": [
                {"Contributing": "contributing.md"},
                {"Changes": "changes.md"},
                {"Decisions": [f"adr/{f.name}" for f in _decisions()]},
            ]
        },
    ]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages."""
    pages = {f"stages/{kind}.md": stage_page(describe(stage)) for kind, stage in BUILTIN.items()}
    pages["stages/index.md"] = stage_index()
    pages |= {name: (ROOT / source).read_text("utf-8") for source, name in _PAGES.items()}
    for name, content in pages.items():
        files.append(File.generated(config, name, content=content))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links to files that are no pages into their names."""
    if page.file.src_uri in _PAGES.values():
        markdown = re.sub(r"\]\(docs/", "](", markdown)
        markdown = re.sub(r"\[([^\]]+)\]\((?!https?:|#)(?![\w/.-]+\.md)([^)]+)\)", r"\1", markdown)
    for source, name in _PAGES.items():
        markdown = markdown.replace(f"](../{source}", f"]({name}")
    return OUTSIDE.sub(lambda link: f"{link['text']} (`{link['path'].lstrip('./')}`)", markdown)


def stage_index() -> str:
    """The list of stages, a table for each family."""
    lines = ["# Stages", "", "What each does; a recipe lists them in the order in which they see documents."]
    family = None
    for kind, stage in BUILTIN.items():
        facts = describe(stage)
        if kind.partition(".")[0] != family:
            family = kind.partition(".")[0]
            lines += ["", f"## {family}", "", "| stage | does |", "|---|---|"]
        lines.append(f"| [`{kind}`]({kind}.md) | {_cell(facts['summary'])} |")
    return "\n".join([*lines, ""])


def stage_page(facts: dict[str, Any]) -> str:
    """The page of a stage: what `llmdata stages KIND` tells, with the recipes that use it."""
    lines = [f"# {facts['kind']}", "", facts["description"], ""]
    lines += [f"Judges {facts['judges']}; needs `{'`, `'.join(facts['requires']) or 'nothing'}`."]
    used = _recipes_with(facts["kind"])
    if used:
        lines += ["", f"In the recipes {', '.join(f'`{name}`' for name in used)}."]
    lines += ["", "## Settings", "", "| setting | type | default | means |", "|---|---|---|---|"]
    for setting in facts["settings"]:
        default = "required" if setting["required"] else f"`{_short(setting['default'])}`"
        cells = (f"`{setting['name']}`", setting["type"], default, setting["description"] or "")
        lines.append(f"| {' | '.join(map(_cell, cells))} |")
    for title, key in (("Reasons", "reasons"), ("Scores", "scores"), ("Changes of the text", "changes")):
        if facts[key]:
            lines += ["", f"## {title}", "", "| name | means |", "|---|---|"]
            lines += [f"| `{name}` | {_cell(text)} |" for name, text in facts[key].items()]
    example = f"stages:\n  - {facts['kind']}"
    lines += ["", "## In a recipe", "", "```yaml", f"name: my_corpus\n{example}", "```", ""]
    return "\n".join(lines)


def _recipes_with(kind: str) -> list[str]:
    found = []
    for file in sorted((ROOT / "conf" / "recipes").glob("*.yaml")):
        stages = yaml.safe_load(file.read_text("utf-8"))["stages"]
        if any(kind == (stage if isinstance(stage, str) else next(iter(stage))) for stage in stages):
            found.append(file.stem)
    return found


def _decisions() -> list[Path]:
    return [f for f in sorted((ROOT / "docs" / "adr").glob("*.md")) if not f.name.startswith("0000")]


def _short(value: Any) -> str:
    text = (
        {True: "true", False: "false", None: "null"}.get(value, str(value))
        if not isinstance(value, list | dict)
        else str(value)
    )
    return text if len(text) <= 60 else text[:57] + "..."


def _cell(text: str) -> str:
    """What may stand in a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")
