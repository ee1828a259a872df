"""JSON Schema of an indicator, generated from the models: editors complete and check the YAML with it."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from ess_impact.definitions.indicators import Indicator


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of an indicator file.

    Returns
    -------
    dict
        Draft 2020-12 schema, one branch per kind.

    Examples
    --------
    >>> json_schema()["discriminator"]["propertyName"]
    'kind'
    """
    adapter: TypeAdapter[Any] = TypeAdapter(Annotated[Indicator, Field(discriminator="kind")])
    schema = adapter.json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Indicateur ess-impact", **schema}


def schema_text() -> str:
    """Return the schema as the file ``indicators/indicator.schema.json`` holds it.

    Returns
    -------
    str
        JSON, keys sorted.
    """
    return json.dumps(json_schema(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
