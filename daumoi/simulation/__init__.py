"""A made-up country that moves: people, their days, and the systems that send them, through the public API."""
