"""The agent on the Raspberry Pi: reads, decides on the spot, records, opens, syncs."""
