"""Contactless cards as they answer on the air: ISO 14443 type A, NTAG21x, ISO-DEP."""
