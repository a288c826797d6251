"""Issuing a card by tapping it at a chosen reader."""
