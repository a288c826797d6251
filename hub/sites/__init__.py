"""Sites with their zones, access points and holidays."""
