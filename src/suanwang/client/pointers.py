"""Finds the line of a job file that a JSON pointer means, for mistakes that a server has found."""

from __future__ import annotations

import yaml


def line_of(text: str, pointer: str) -> tuple[int, int] | None:
    """Return line and column, from 1, of what `pointer` names, or of the nearest thing above it.

    None where the file has nothing of it: a key that is missing, or was set beside the file.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError):
        return None
    if node is None:
        return None
    place: yaml.Mark | None = None
    for step in pointer.split("/")[1:]:
        below = _below(node, step.replace("~1", "/").replace("~0", "~"))
        if below is None:
            break
        place, node = below
    return None if place is None else (place.line + 1, place.column + 1)


def _below(node: yaml.Node, step: str) -> tuple[yaml.Mark, yaml.Node] | None:
    """Return the mark of a key or item, and what it holds."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value == step:
                return key.start_mark, value
    if isinstance(node, yaml.SequenceNode) and step.isdecimal() and int(step) < len(node.value):
        item = node.value[int(step)]
        return item.start_mark, item
    return None
