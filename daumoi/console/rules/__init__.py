"""Pages of rule packs: what is in force, and how it changes by two people."""
