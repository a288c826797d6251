"""Real edges and a real hub on simulated hardware."""
