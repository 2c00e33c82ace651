"""The processes that `daumoi up` runs beside PostgreSQL: server, intake and worker."""
