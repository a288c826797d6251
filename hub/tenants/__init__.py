"""Organisations: each a database of its own."""
