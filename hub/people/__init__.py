"""Persons: members, employees, visitors."""
