"""The OpenAPI 3.1 document, written by hand from the registers: it says what a generator could not."""
