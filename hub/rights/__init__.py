"""What each site's edges must know of each holder."""
