CREATE TABLE about (
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_about PRIMARY KEY (name)
)
 STRICT;

CREATE TABLE accounts (
	id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	login TEXT NOT NULL, 
	password_hash TEXT, 
	language TEXT NOT NULL, 
	blocked_at INTEGER, 
	created_at INTEGER NOT NULL, 
	CONSTRAINT pk_accounts PRIMARY KEY (id), 
	CONSTRAINT uq_accounts_login UNIQUE (login)
)
 STRICT;

CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

CREATE TABLE sessions (
	token_hash TEXT NOT NULL, 
	account TEXT NOT NULL, 
	created_at INTEGER NOT NULL, 
	expires_at INTEGER NOT NULL, 
	CONSTRAINT pk_sessions PRIMARY KEY (token_hash), 
	CONSTRAINT fk_sessions_account FOREIGN KEY(account) REFERENCES accounts (id)
)
 STRICT;

CREATE INDEX ix_sessions_account ON sessions (account);

CREATE INDEX ix_sessions_expires_at ON sessions (expires_at);

CREATE TABLE tenants (
	id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	host TEXT NOT NULL, 
	created_at INTEGER NOT NULL, 
	CONSTRAINT pk_tenants PRIMARY KEY (id), 
	CONSTRAINT uq_tenants_host UNIQUE (host)
)
 STRICT;

CREATE TABLE tokens (
	token_hash TEXT NOT NULL, 
	account TEXT NOT NULL, 
	created_at INTEGER NOT NULL, 
	CONSTRAINT pk_tokens PRIMARY KEY (token_hash), 
	CONSTRAINT fk_tokens_account FOREIGN KEY(account) REFERENCES accounts (id)
)
 STRICT;

CREATE INDEX ix_tokens_account ON tokens (account);
