"""The chain of every change by a person."""
