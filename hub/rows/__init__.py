"""What a site's edges must know: rows, every change of them in order, and their hash."""
