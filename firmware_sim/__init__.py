"""Simulated hardware and simulated sites."""
