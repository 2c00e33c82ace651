"""Pages about people: find one, their identities and timeline, pairs that may be one, merge and split by two people."""
