"""Named templates of entitlements."""
