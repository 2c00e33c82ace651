"""What a back-up is made of: a draft that becomes whole in one step, its manifest, its copied files."""
