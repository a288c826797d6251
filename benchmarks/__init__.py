"""Each headline number as a command."""
