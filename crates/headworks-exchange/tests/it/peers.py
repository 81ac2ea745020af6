"""Reads exports with DuckDB, pandas and openpyxl and compares every value with what was stored."""

import datetime
import json
import math
import sys

import duckdb
import openpyxl
import pandas

directory = sys.argv[1]
wanted = {}
for path, time_us, value, quality in json.load(open(f"{directory}/wanted.json")):
    wanted[path, time_us] = (value, quality)

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
MICROSECOND = datetime.timedelta(microseconds=1)


def unguarded(text):
    """Takes the apostrophe away that keeps a spreadsheet from computing."""
    return text[1:] if text[:1] == "'" and text[1:2] in "=+-@\t\r" else text


def check(source, rows):
    """Compares rows of path, microseconds, value and quality (or None) with what was stored."""
    seen = set()
    for path, time_us, value, quality in rows:
        key = (path, int(time_us))
        assert key in wanted, f"{source}: {key} was never stored"
        assert key not in seen, f"{source}: {key} stands twice"
        seen.add(key)
        want, want_quality = wanted[key]
        if isinstance(value, float) and math.isnan(value):
            value = None
        assert value == want, f"{source}: {key} is {value!r}, not {want!r}"
        assert type(value) is type(want), f"{source}: {key} is {value!r}, not {want!r}"
        if quality is not None:
            assert quality == want_quality, f"{source}: quality of {key} is {quality!r}"
    assert len(seen) == len(wanted), f"{source}: {len(seen)} of {len(wanted)} samples"
    print(f"{source}: {len(seen)} samples")


def of_text(path, text):
    """Reads a value of CSV by the kind of its tag."""
    if text is None:
        return None
    if path == "plant/number":
        return float(text)
    if path == "plant/count":
        return int(text)
    if path == "plant/on":
        return text == "true"
    return unguarded(text)


def of_parquet(kind, value, integer, text):
    """Joins the columns of a Parquet export."""
    if kind == "text":
        return text
    if kind == "integer":
        return None if integer is None else int(integer)
    if value is None or math.isnan(value):
        return None
    return bool(value) if kind == "bool" else value


QUALITIES = {"Good": 0, "BadNoCommunication": 0x80310000}

db = duckdb.connect()
csv = f"read_csv('{directory}/long.csv', all_varchar=true)"
check("DuckDB, CSV", (
    (path, us, of_text(path, value), QUALITIES[quality])
    for path, us, value, quality in db.execute(
        f"select path, epoch_us(time::timestamptz), value, quality from {csv}").fetchall()))

types = dict(db.execute(
    f"select column_name, column_type from (describe select * from read_csv("
    f"'{directory}/wide.csv', sample_size=-1))").fetchall())
assert types["time"] in ("TIMESTAMP", "TIMESTAMP WITH TIME ZONE"), types
assert types["plant/number"] == "DOUBLE", types
assert types["plant/count"] == "BIGINT", types

table = f"'{directory}/table.parquet'"
types = dict(db.execute(f"select column_name, column_type from (describe {table})").fetchall())
assert types == {
    "path": "VARCHAR", "time": "TIMESTAMP WITH TIME ZONE", "value": "DOUBLE",
    "integer": "BIGINT", "text": "VARCHAR", "quality": "UINTEGER", "kind": "VARCHAR",
    "unit": "VARCHAR",
}, types
check("DuckDB, Parquet", (
    (path, us, of_parquet(kind, value, integer, text), quality)
    for path, us, kind, value, integer, text, quality in db.execute(
        f"select path, epoch_us(time), kind, value, integer, text, quality from {table}"
    ).fetchall()))
lines = f"read_json('{directory}/lines.jsonl', columns={{path: 'VARCHAR', time: " \
    "'TIMESTAMPTZ', value: 'JSON', quality: 'UINTEGER'}, format='newline_delimited')"
check("DuckDB, JSON lines", (
    (path, us, None if value is None else json.loads(value), quality)
    for path, us, value, quality in db.execute(
        f"select path, epoch_us(time), value, quality from {lines}").fetchall()))

frame = pandas.read_parquet(f"{directory}/table.parquet", dtype_backend="numpy_nullable")
assert str(frame["time"].dtype) == "datetime64[us, UTC]", frame["time"].dtype
assert str(frame["value"].dtype) == "Float64", frame["value"].dtype


def plain(value):
    if value is pandas.NA:
        return None
    return value.item() if hasattr(value, "item") else value


check("pandas, Parquet", (
    (row.path, row.time.value // 1000,
     of_parquet(row.kind, plain(row.value), plain(row.integer), plain(row.text)), row.quality)
    for row in frame.itertuples()))

frame = pandas.read_csv(f"{directory}/long.csv", dtype=str, keep_default_na=False)
times = pandas.to_datetime(frame["time"], utc=True, format="ISO8601").astype(
    "datetime64[us, UTC]").astype("int64")
check("pandas, CSV", (
    (path, us, of_text(path, value or None), QUALITIES[quality])
    for path, us, value, quality in zip(
        frame["path"], times, frame["value"], frame["quality"])))

book = openpyxl.load_workbook(f"{directory}/book.xlsx", read_only=True)
sheet = book.worksheets[0]
rows = list(sheet.iter_rows())
assert [cell.value for cell in rows[0]] == ["path", "time [UTC]", "value", "quality", "unit"]


def of_cell(path, cell):
    assert cell.data_type != "f", f"a formula: {cell.value!r}"
    value = cell.value
    if path == "plant/count":
        # what a spreadsheet cannot hold exactly is text
        return int(value)
    return float(value) if path == "plant/number" and value is not None else value


# openpyxl gives milliseconds: the value is compared by the nearest sample of the tag
by_path = {}
for path, time_us in wanted:
    by_path.setdefault(path, []).append(time_us)
place = {path: 0 for path in by_path}
found = []
for row in rows[1:]:
    path = row[0].value
    time_us = sorted(by_path[path])[place[path]]
    place[path] += 1
    shown = row[1].value.replace(tzinfo=datetime.timezone.utc)
    assert abs((shown - EPOCH) / MICROSECOND - time_us) <= 1000, (shown, time_us)
    found.append((path, time_us, of_cell(path, row[2]), QUALITIES[row[3].value]))
check("openpyxl, Excel", found)
