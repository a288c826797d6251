"""The central hub: owns entitlements, records attendance, serves the dashboard."""
