"""Figures of people: claims looked up, and those made."""

from daumoi.core.meters import counter

ASKED = counter("daumoi_claims_asked", "Claims looked up for rows, of tries that came to nothing too.")
MADE = counter("daumoi_claims_made", "Claims that were new and were made, of tries that came to nothing too.")
