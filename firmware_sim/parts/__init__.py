"""Chips, boards and cards that speak their own protocols in bytes; imports nothing of the product."""
