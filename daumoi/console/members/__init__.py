"""Pages of members: who there is, what each is, and how that changes."""
