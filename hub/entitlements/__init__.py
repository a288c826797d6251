"""Rights of holders."""
