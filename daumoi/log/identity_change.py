"""The log's own kind: joins, splits and erasures of people, numbered like every record (design, section 1)."""

KIND_NAME = "identity_change"
KIND_NUMBER = 100
SCHEMA_VERSION = 1
HUB_SYSTEM = 0
"""The system number of entries that the hub makes itself."""
