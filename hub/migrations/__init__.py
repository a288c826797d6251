"""Schema migrations of the platform database and of the tenants' databases."""
