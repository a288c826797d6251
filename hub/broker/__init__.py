"""The wire between hub and edges: who may say what, a broker inside the hub or beside it."""
