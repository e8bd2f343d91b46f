"""The plan in numbers: how many rooms the house has, and how many imports run between them.

    python -m benchmarks.plan

A room is what lies right below `blocks`, `tasks`, `flows` or `deployments`; all that is inside a package counts as the
room. The top-level packages must be importable from the current folder.
"""

from __future__ import annotations

import sys
from collections import Counter

import grimp

HOUSES = ("blocks", "tasks", "flows", "deployments")


def find_room(module: str) -> str:
    """The room of a module: `tasks.drift.concept` is in `tasks.drift`."""
    return ".".join(module.split(".")[:2])


def main() -> int:
    """Print the counts."""
    graph = grimp.build_graph(*HOUSES, include_external_packages=False)
    modules = [module for module in graph.modules if "." in module]
    rooms = {find_room(module) for module in modules}
    imports = {
        (find_room(module), find_room(imported))
        for module in modules
        for imported in graph.find_modules_directly_imported_by(module)
        if "." in imported
    }
    between = {(one, other) for one, other in imports if one != other}
    print(f"modules {len(modules)}, rooms {len(rooms)}, imports between rooms {len(between)}")
    for house, count in Counter(room.split(".")[0] for room in rooms).items():
        print(f"  {house}: {count} rooms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
