"""YAML with the line of every value, and paths into it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

Path = tuple[str | int, ...]


@dataclass
class Document:
    """The plain data of a YAML text; `lines` maps the path of a key or item to its line, counted from 1."""

    file: str
    data: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def where(self, path: Path) -> str:
        """`file:line` of the nearest thing on the path that has a line."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return f"{self.file}:{self.lines[path[:length]]}"
        return self.file

    def complain(self, path: Path, problem: str, origin: str = "") -> None:
        """Note a problem at a place of the file, or with the `--set` it came from."""
        self.problems.append(f"{origin or self.where(path)}: {problem}")


def parse(text: str, file: str) -> Document:
    """Read YAML; what is wrong with it as YAML, a key given twice included, goes to `problems`."""
    document = Document(file)
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is not None:
            document.data = _build(node, (), document, loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{file}:{mark.line + 1}" if mark else file
        what = getattr(error, "problem", None) or str(error).splitlines()[0]
        context = getattr(error, "context", None)
        document.problems.append(f"{place}: not valid YAML: {what}{f' ({context})' if context else ''}")
    finally:
        loader.dispose()
    return document


def _build(node: yaml.Node, path: Path, document: Document, loader: yaml.SafeLoader) -> Any:
    document.lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            found = loader.construct_object(key_node, deep=True)
            key, place = str(found), f"{document.file}:{key_node.start_mark.line + 1}"
            here = (*path, key)
            if isinstance(found, bool):
                document.problems.append(
                    f"{place}: YAML reads the key {key_node.value} as {str(found).lower()}; "
                    f'expected a name: put it in quotes, "{key_node.value}"'
                )
            if key in result:
                document.problems.append(f"{place}: {key!r} is given twice")
            document.lines[here] = key_node.start_mark.line + 1
            result[key] = _build(value_node, here, document, loader)
        return result
    if isinstance(node, yaml.SequenceNode):
        return [_build(item, (*path, i), document, loader) for i, item in enumerate(node.value)]
    return loader.construct_object(node, deep=True)
