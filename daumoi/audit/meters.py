"""Figures of the audit log, of the process that seals."""

from daumoi.core.meters import counter

SEALED = counter("daumoi_audit_lines_sealed", "Lines of the audit log sealed into the chain.")
