"""The words of rule packs: one struct a group of parameters, with units in its names."""
