"""YAML with the line of every value, and paths into it."""

from __future__ import annotations

import math
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
    _found: list[tuple[float, str]] = field(default_factory=list)  # problems, with their lines

    @property
    def problems(self) -> list[str]:
        """All that was found, in the order of the file; what `--set` says comes last."""
        return [problem for _, problem in sorted(self._found, key=lambda found: found[0])]

    def where(self, path: Path) -> str:
        """`file:line` of the nearest thing on the path that has a line."""
        line = self._line(path)
        return self.file if line is None else f"{self.file}:{line}"

    def complain(self, path: Path, problem: str, origin: str = "") -> None:
        """Note a problem at a place of the file, or with the `--set` it came from."""
        if origin:
            self.complain_of(origin, problem)
        else:
            self._found.append((self._line(path) or 0, f"{self.where(path)}: {problem}"))

    def complain_of(self, origin: str, problem: str) -> None:
        """Note a problem with a `--set`, which has no place in the file."""
        self._found.append((math.inf, f"{origin}: {problem}"))

    def complain_at(self, line: int | None, problem: str) -> None:
        """Note a problem at a line, counted from 1, or with the whole file."""
        self._found.append((line or 0, f"{self.file if line is None else f'{self.file}:{line}'}: {problem}"))

    def _line(self, path: Path) -> int | None:
        places = (path[:length] for length in range(len(path), -1, -1))
        return next((self.lines[place] for place in places if place in self.lines), None)


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
        what = getattr(error, "problem", None) or str(error).splitlines()[0]
        context = getattr(error, "context", None)
        wrong = f"not valid YAML: {what}{f' ({context})' if context else ''}"
        document.complain_at(mark.line + 1 if mark else None, wrong)
    finally:
        loader.dispose()
    return document


def _build(node: yaml.Node, path: Path, document: Document, loader: yaml.SafeLoader) -> Any:
    document.lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            found = loader.construct_object(key_node, deep=True)
            key, line = str(found), key_node.start_mark.line + 1
            here = (*path, key)
            if isinstance(found, bool):
                document.complain_at(
                    line,
                    f"YAML reads the key {key_node.value} as {str(found).lower()}; "
                    f'expected a name: put it in quotes, "{key_node.value}"',
                )
            if key in result:
                document.complain_at(line, f"{key!r} is given twice")
            document.lines[here] = line
            result[key] = _build(value_node, here, document, loader)
        return result
    if isinstance(node, yaml.SequenceNode):
        return [_build(item, (*path, i), document, loader) for i, item in enumerate(node.value)]
    return loader.construct_object(node, deep=True)
