"""The hub's pages: what people see and press; every change goes through the nouns' services."""
