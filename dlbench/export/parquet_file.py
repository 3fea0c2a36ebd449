"""Parquet: the same tables as in CSV with their types, written some rows at a time by Apache Arrow."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from dlbench import __version__
from dlbench.export.base import WRITERS, ExportSource
from dlbench.export.records import RECORDS, Kind, Records, Values
from dlbench.run.atomic import overwriting
from dlbench.text.notes import all_notes
from dlbench.words.printable import printable

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 65_536
"""Rows of a group, which is all that is in memory at once, but for one trial's that make it more."""
METADATA = b"dlbench"
"""Under this key of the schema's metadata stands, as JSON, what the file is of."""


@WRITERS.add(name="parquet", suffix=".parquet")
def parquet(source: ExportSource, path: Path) -> None:
    """One of the tables as Parquet: typed columns, in which what is not there is null and never a number."""
    records = RECORDS[source.what or "table"].make(source.report)
    with overwriting(path) as file:
        write_parquet(records, file, about(source))


def about(source: ExportSource) -> dict[str, Any]:
    """What is said of a file in its metadata."""
    table = source.report.table
    return {
        "dlbench": __version__,
        "run": None if source.report.folder is None else source.report.folder.name,
        "recipe": table.title,
        "what": source.what or "table",
        "metric": table.metric,
        "baseline": table.baseline,
        "confidence": 0.95,
        "notes": all_notes(source.report),
    }


def write_parquet(records: Records, file: BinaryIO, told: dict[str, Any], rows: int = ROWS) -> None:
    """Write records as Parquet in groups of about so many rows; `told` goes into the schema's metadata."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = _schema(records, told)
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for group in _groups((_typed(batch, schema) for batch in records.batches()), rows):
            writer.write_table(pa.Table.from_batches(group, schema))


def _schema(records: Records, told: dict[str, Any]) -> pa.Schema:
    import pyarrow as pa

    types: dict[Kind, pa.DataType] = {
        "text": pa.string(),
        "integer": pa.int64(),
        "number": pa.float64(),
        "single": pa.float32(),
        "truth": pa.bool_(),
    }
    fields = [
        pa.field(field.name, types[field.kind], metadata={"description": field.says} if field.says else None)
        for field in records.fields
    ]
    return pa.schema(fields, metadata={METADATA: json.dumps(told)})


def _typed(batch: Sequence[Values], schema: pa.Schema) -> pa.RecordBatch:
    """A batch as Arrow has it; NaN in an array is nothing."""
    import pyarrow as pa

    columns = [_array(own, field.type) for own, field in zip(batch, schema, strict=True)]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _array(values: Values, kind: pa.DataType) -> pa.Array:
    import pyarrow as pa

    try:
        return pa.array(values, kind, from_pandas=True)
    except UnicodeEncodeError:  # bytes that are no UTF-8, in a name or an error
        return pa.array([None if value is None else printable(value) for value in values], kind)


def _groups(batches: Iterable[pa.RecordBatch], rows: int) -> Iterator[list[pa.RecordBatch]]:
    """Batches in a row until they have so many rows."""
    group: list[pa.RecordBatch] = []
    many = 0
    for batch in batches:
        group.append(batch)
        many += batch.num_rows
        if many >= rows:
            yield group
            group, many = [], 0
    if group:
        yield group
