"""The edges of a tenant: enrolment, connections, health, and what the hub tells them."""
