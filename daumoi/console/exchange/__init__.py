"""Pages of the exchange: who gets what by which agreement, and how far each receiver is."""
