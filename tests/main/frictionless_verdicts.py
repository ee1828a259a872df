"""Validate files with whichever frictionless this interpreter has, as the Validata service calls it.

Standard input: a JSON list of [file, schema]; standard output: for each, the faulty places as [row, field]. Run as a
script by the interpreter of frictionless 4; it imports nothing of ours.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import frictionless

FOUR = frictionless.__version__.startswith("4.")


def report(path: Path, schema: Path) -> list[dict]:
    """Return the errors of one file; columns may be missing, extra or in another order."""
    detector = frictionless.Detector(schema_sync=True)
    if FOUR:
        found = frictionless.validate(str(path), schema=str(schema), detector=detector)
        errors = [error for task in found["tasks"] for error in task["errors"]]
        return [{**error, "type": error["code"], "row": error.get("rowPosition")} for error in errors]
    descriptor = frictionless.Schema.from_descriptor(json.loads(schema.read_text("utf-8")))
    resource = frictionless.Resource(path=path.name, basepath=str(path.parent), schema=descriptor, detector=detector)
    errors = [error for task in frictionless.validate(resource).to_descriptor()["tasks"] for error in task["errors"]]
    return [{**error, "row": error.get("rowNumber")} for error in errors]


def missing_labels(path: Path, schema: Path) -> list[str]:
    """Return required columns that are absent: Validata's own check, which frictionless 4 has not."""
    header = path.read_text("utf-8-sig").split("\n", 1)[0].split(",")
    fields = json.loads(schema.read_text("utf-8"))["fields"]
    return [one["name"] for one in fields if one.get("constraints", {}).get("required") and one["name"] not in header]


def places(path: Path, schema: Path) -> list[list]:
    """Return [row, field] of each fault; a row cut wrongly or met twice has no field, a missing column no row.

    A key that cannot be read is the fault of its cells, which frictionless names too.
    """
    absent = missing_labels(path, schema)
    if absent:
        return [[None, name] for name in absent]
    errors = report(path, schema)
    cells = ("type-error", "constraint-error")
    faulty = {error["row"] for error in errors if error["type"] in cells}
    others = [error for error in errors if error["type"] not in cells]
    whole = {
        error["row"] for error in others if not error["type"].startswith("primary-key") or error["row"] not in faulty
    }
    found = {
        (error["row"], error["fieldName"]) for error in errors if error["type"] in cells and error["row"] not in whole
    }
    return sorted([list(one) for one in found | {(row, None) for row in whole}], key=str)


def main() -> None:
    """Answer what standard input asks."""
    sys.stdout.write(json.dumps([places(Path(path), Path(schema)) for path, schema in json.load(sys.stdin)]))


if __name__ == "__main__":
    main()
