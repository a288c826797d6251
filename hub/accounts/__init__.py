"""Those who log in: people at the hub and programs that call it."""
