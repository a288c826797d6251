"""Chips, boards and cards that speak their own protocols in bytes; they import nothing of ours."""
