"""Files as offices have them, read row by row: formats, encodings, workbooks."""
