"""The steps of `daumoi restore`."""
