"""Files into records: reading CSV and NDJSON, and mapping their rows by a TOML file onto the kinds of the hub."""
