"""Migrations of a tenant's database."""
