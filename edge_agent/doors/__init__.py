"""Drivers that release a barrier and tell what passed through it."""
