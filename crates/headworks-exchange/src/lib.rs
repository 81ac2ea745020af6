//! History as files: export to and import from CSV, Excel, Parquet and JSON lines.
