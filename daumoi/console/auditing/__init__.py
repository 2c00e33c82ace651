"""Pages of the audit log, and of access in an emergency."""
