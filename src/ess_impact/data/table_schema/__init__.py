"""Table Schemas: the open standard by which other tools, the Validata service among them, read our tables."""

from ess_impact.data.table_schema.descriptors import Imported, from_table_schema, to_table_schema
from ess_impact.data.table_schema.pandera_bridge import from_pandera, to_pandera

__all__ = ["Imported", "from_pandera", "from_table_schema", "to_pandera", "to_table_schema"]
