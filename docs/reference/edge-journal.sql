CREATE TABLE commands (
    command TEXT NOT NULL PRIMARY KEY,
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE entries (
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL CHECK (seq >= 1),
    at_ms INTEGER NOT NULL,
    content BLOB NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (epoch, seq)
) STRICT;
CREATE TABLE epochs (
    epoch TEXT NOT NULL PRIMARY KEY,
    opened_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE grants (
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL,
    door TEXT,
    access_point TEXT NOT NULL,
    holder TEXT,
    entitlement TEXT,
    units INTEGER NOT NULL,
    zone_to TEXT,
    PRIMARY KEY (epoch, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE presences (
    holder TEXT NOT NULL PRIMARY KEY,
    zone TEXT,
    since_ms INTEGER NOT NULL,
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE stamps (
    holder TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE usages (
    entitlement TEXT NOT NULL,
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL,
    units INTEGER NOT NULL,
    PRIMARY KEY (entitlement, epoch, seq)
) STRICT, WITHOUT ROWID;
