CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE entitlements_of (
    holder TEXT NOT NULL, entitlement TEXT NOT NULL,
    PRIMARY KEY (holder, entitlement)
) STRICT, WITHOUT ROWID;
CREATE TABLE hub_clock (
    single INTEGER PRIMARY KEY CHECK (single = 1),
    hub_at_ms INTEGER NOT NULL, offset_ms INTEGER NOT NULL, uncertainty_ms INTEGER NOT NULL,
    boot_id TEXT NOT NULL, monotonic_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE marks (epoch TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE rows (
    kind TEXT NOT NULL, id TEXT NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE standing (
    single INTEGER PRIMARY KEY CHECK (single = 1),
    version INTEGER NOT NULL, set_hash TEXT NOT NULL, as_of_ms INTEGER,
    included TEXT NOT NULL, filled INTEGER NOT NULL
) STRICT;
