"""Drivers that turn a reader's bytes into presented credentials."""
