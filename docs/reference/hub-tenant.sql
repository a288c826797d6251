CREATE TABLE about (
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_about PRIMARY KEY (name)
)
 STRICT;

CREATE TABLE access_points (
	id TEXT NOT NULL, 
	site TEXT NOT NULL, 
	edge TEXT, 
	name TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	door TEXT, 
	zone_from TEXT, 
	zone_to TEXT, 
	anti_passback TEXT NOT NULL, 
	CONSTRAINT pk_access_points PRIMARY KEY (id), 
	CONSTRAINT fk_access_points_site FOREIGN KEY(site) REFERENCES sites (id), 
	CONSTRAINT fk_access_points_zone_from FOREIGN KEY(zone_from) REFERENCES zones (id), 
	CONSTRAINT fk_access_points_zone_to FOREIGN KEY(zone_to) REFERENCES zones (id)
)
 STRICT;

CREATE INDEX ix_access_points_edge ON access_points (edge);

CREATE INDEX ix_access_points_site ON access_points (site);

CREATE TABLE alarms (
	id INTEGER NOT NULL, 
	position INTEGER, 
	edge TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	part TEXT NOT NULL, 
	alarm TEXT NOT NULL, 
	detail TEXT NOT NULL, 
	CONSTRAINT pk_alarms PRIMARY KEY (id)
)
 STRICT;

CREATE INDEX ix_alarms_at ON alarms (at);

CREATE INDEX ix_alarms_position ON alarms (position);

CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

CREATE TABLE audit (
	seq INTEGER NOT NULL, 
	content BLOB NOT NULL, 
	hash BLOB NOT NULL, 
	CONSTRAINT pk_audit PRIMARY KEY (seq)
)
 STRICT;

CREATE TABLE audit_head (
	only INTEGER NOT NULL, 
	seq INTEGER NOT NULL, 
	hash BLOB NOT NULL, 
	CONSTRAINT pk_audit_head PRIMARY KEY (only)
)
 STRICT;

CREATE TABLE batches (
	id INTEGER NOT NULL, 
	edge TEXT NOT NULL, 
	topic TEXT NOT NULL, 
	envelope BLOB NOT NULL, 
	received_at INTEGER NOT NULL, 
	CONSTRAINT pk_batches PRIMARY KEY (id)
)
 STRICT;

CREATE TABLE commands (
	id TEXT NOT NULL, 
	edge TEXT NOT NULL, 
	action TEXT NOT NULL, 
	access_point TEXT, 
	created_at INTEGER NOT NULL, 
	expires_at INTEGER NOT NULL, 
	signer TEXT NOT NULL, 
	outcome TEXT, 
	detail TEXT, 
	outcome_at INTEGER, 
	CONSTRAINT pk_commands PRIMARY KEY (id)
)
 STRICT;

CREATE INDEX ix_commands_outcome_expires_at ON commands (outcome, expires_at);

CREATE TABLE credentials (
	id TEXT NOT NULL, 
	holder TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	label TEXT NOT NULL, 
	blocked_at INTEGER, 
	issued_at INTEGER NOT NULL, 
	CONSTRAINT pk_credentials PRIMARY KEY (id), 
	CONSTRAINT fk_credentials_holder FOREIGN KEY(holder) REFERENCES people (id), 
	CONSTRAINT uq_credentials_key UNIQUE ("key")
)
 STRICT;

CREATE INDEX ix_credentials_holder ON credentials (holder);

CREATE TABLE edges (
	id TEXT NOT NULL, 
	site TEXT NOT NULL, 
	name TEXT NOT NULL, 
	created_at INTEGER NOT NULL, 
	code_hash TEXT, 
	code_expires_at INTEGER, 
	enrolled_at INTEGER, 
	public_key TEXT, 
	mac_key TEXT, 
	password_hash TEXT, 
	software TEXT, 
	boot_id TEXT, 
	session INTEGER NOT NULL, 
	online INTEGER NOT NULL, 
	online_changed_at INTEGER, 
	last_seen_at INTEGER, 
	cache_version INTEGER NOT NULL, 
	clock TEXT, 
	uncertainty_ms INTEGER, 
	spans TEXT NOT NULL, 
	counter_reserved INTEGER NOT NULL, reported_at INTEGER, reported_ms INTEGER, 
	CONSTRAINT pk_edges PRIMARY KEY (id)
)
 STRICT;

CREATE UNIQUE INDEX ix_edges_code_hash ON edges (code_hash);

CREATE INDEX ix_edges_site ON edges (site);

CREATE TABLE effects (
	position INTEGER NOT NULL, 
	edge TEXT NOT NULL, 
	epoch TEXT NOT NULL, 
	seq INTEGER NOT NULL, 
	site TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	raw_at INTEGER NOT NULL, 
	clock TEXT NOT NULL, 
	uncertainty_ms INTEGER NOT NULL, 
	holder TEXT, 
	entitlement TEXT, 
	units INTEGER NOT NULL, 
	moves INTEGER NOT NULL, 
	zone TEXT, 
	opens INTEGER NOT NULL, 
	settles_epoch TEXT, 
	settles_seq INTEGER, 
	CONSTRAINT pk_effects PRIMARY KEY (position)
)
 STRICT;

CREATE INDEX ix_effects_edge_settles_epoch_settles_seq ON effects (edge, settles_epoch, settles_seq);

CREATE INDEX ix_effects_entitlement_at ON effects (entitlement, at);

CREATE INDEX ix_effects_holder_at ON effects (holder, at);

CREATE TABLE entitlement_references (
	reference TEXT NOT NULL, 
	entitlement TEXT NOT NULL, 
	request TEXT NOT NULL, 
	CONSTRAINT pk_entitlement_references PRIMARY KEY (reference), 
	CONSTRAINT fk_entitlement_references_entitlement FOREIGN KEY(entitlement) REFERENCES entitlements (id)
)
 STRICT;

CREATE TABLE entitlement_zones (
	entitlement TEXT NOT NULL, 
	zone TEXT NOT NULL, 
	CONSTRAINT pk_entitlement_zones PRIMARY KEY (entitlement, zone), 
	CONSTRAINT fk_entitlement_zones_entitlement FOREIGN KEY(entitlement) REFERENCES entitlements (id), 
	CONSTRAINT fk_entitlement_zones_zone FOREIGN KEY(zone) REFERENCES zones (id)
)
 STRICT;

CREATE INDEX ix_entitlement_zones_zone ON entitlement_zones (zone);

CREATE TABLE entitlements (
	id TEXT NOT NULL, 
	holder TEXT NOT NULL, 
	product TEXT NOT NULL, 
	name TEXT NOT NULL, 
	weekly TEXT NOT NULL, 
	valid_from INTEGER, 
	valid_until INTEGER, 
	units INTEGER, 
	staleness_bound INTEGER, 
	ended_at INTEGER, 
	created_at INTEGER NOT NULL, 
	CONSTRAINT pk_entitlements PRIMARY KEY (id), 
	CONSTRAINT fk_entitlements_holder FOREIGN KEY(holder) REFERENCES people (id), 
	CONSTRAINT fk_entitlements_product FOREIGN KEY(product) REFERENCES products (id)
)
 STRICT;

CREATE INDEX ix_entitlements_holder ON entitlements (holder);

CREATE TABLE entries (
	position INTEGER NOT NULL, 
	edge TEXT NOT NULL, 
	epoch TEXT NOT NULL, 
	seq INTEGER NOT NULL, 
	hash BLOB NOT NULL, 
	content BLOB NOT NULL, 
	aside TEXT, 
	batch INTEGER NOT NULL, 
	CONSTRAINT pk_entries PRIMARY KEY (position), 
	CONSTRAINT uq_entries_edge_epoch_seq UNIQUE (edge, epoch, seq)
)
 STRICT;

CREATE INDEX ix_entries_batch ON entries (batch);

CREATE TABLE epochs (
	edge TEXT NOT NULL, 
	epoch TEXT NOT NULL, 
	seq INTEGER NOT NULL, 
	hash BLOB, 
	tie TEXT, 
	previous TEXT, 
	previous_seq INTEGER, 
	previous_hash TEXT, 
	anchor_ms INTEGER, 
	CONSTRAINT pk_epochs PRIMARY KEY (edge, epoch)
)
 STRICT;

CREATE TABLE feed (
	id INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	body TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	CONSTRAINT pk_feed PRIMARY KEY (id)
)
 STRICT;

CREATE TABLE holder_rows (
	holder TEXT NOT NULL, 
	site TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	"row" TEXT NOT NULL, 
	CONSTRAINT pk_holder_rows PRIMARY KEY (holder, site, kind, "row"), 
	CONSTRAINT fk_holder_rows_holder FOREIGN KEY(holder) REFERENCES people (id), 
	CONSTRAINT fk_holder_rows_site FOREIGN KEY(site) REFERENCES sites (id)
)
 STRICT;

CREATE TABLE holidays (
	site TEXT NOT NULL, 
	day TEXT NOT NULL, 
	name TEXT NOT NULL, 
	CONSTRAINT pk_holidays PRIMARY KEY (site, day), 
	CONSTRAINT fk_holidays_site FOREIGN KEY(site) REFERENCES sites (id)
)
 STRICT;

CREATE TABLE issuings (
	id TEXT NOT NULL, 
	site TEXT NOT NULL, 
	access_point TEXT NOT NULL, 
	holder TEXT NOT NULL, 
	account TEXT NOT NULL, 
	armed_at INTEGER NOT NULL, 
	expires_at INTEGER NOT NULL, 
	outcome TEXT, 
	credential TEXT, 
	ended_at INTEGER, 
	CONSTRAINT pk_issuings PRIMARY KEY (id)
)
 STRICT;

CREATE INDEX ix_issuings_access_point_expires_at ON issuings (access_point, expires_at);

CREATE TABLE lost_entries (
	edge TEXT NOT NULL, 
	epoch TEXT NOT NULL, 
	first INTEGER NOT NULL, 
	last INTEGER NOT NULL, 
	noted_at INTEGER NOT NULL, 
	CONSTRAINT pk_lost_entries PRIMARY KEY (edge, epoch, first)
)
 STRICT;

CREATE TABLE passages (
	position INTEGER NOT NULL, 
	edge TEXT NOT NULL, 
	epoch TEXT NOT NULL, 
	seq INTEGER NOT NULL, 
	site TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	raw_at INTEGER NOT NULL, 
	clock TEXT NOT NULL, 
	uncertainty_ms INTEGER NOT NULL, 
	door TEXT NOT NULL, 
	access_point TEXT, 
	movement TEXT NOT NULL, 
	grant_epoch TEXT, 
	grant_seq INTEGER, 
	holder TEXT, 
	entitlement TEXT, 
	units INTEGER NOT NULL, 
	zone_to TEXT, 
	CONSTRAINT pk_passages PRIMARY KEY (position)
)
 STRICT;

CREATE INDEX ix_passages_at ON passages (at);

CREATE TABLE people (
	id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	name_order TEXT NOT NULL, 
	email TEXT, 
	language TEXT NOT NULL, 
	employee INTEGER NOT NULL, 
	site TEXT, 
	blocked_at INTEGER, 
	blocked_reason TEXT, 
	created_at INTEGER NOT NULL, 
	CONSTRAINT pk_people PRIMARY KEY (id), 
	CONSTRAINT fk_people_site FOREIGN KEY(site) REFERENCES sites (id)
)
 STRICT;

CREATE INDEX ix_people_name_order_id ON people (name_order, id);

CREATE TABLE people_names (
	person TEXT NOT NULL, 
	start TEXT NOT NULL, 
	CONSTRAINT pk_people_names PRIMARY KEY (person, start), 
	CONSTRAINT fk_people_names_person FOREIGN KEY(person) REFERENCES people (id)
)
 STRICT;

CREATE INDEX ix_people_names_start_person ON people_names (start, person);

CREATE TABLE product_zones (
	product TEXT NOT NULL, 
	zone TEXT NOT NULL, 
	CONSTRAINT pk_product_zones PRIMARY KEY (product, zone), 
	CONSTRAINT fk_product_zones_product FOREIGN KEY(product) REFERENCES products (id), 
	CONSTRAINT fk_product_zones_zone FOREIGN KEY(zone) REFERENCES zones (id)
)
 STRICT;

CREATE INDEX ix_product_zones_zone ON product_zones (zone);

CREATE TABLE products (
	id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	weekly TEXT NOT NULL, 
	units INTEGER, 
	valid_for_days INTEGER, 
	staleness_bound INTEGER, 
	offered INTEGER NOT NULL, 
	created_at INTEGER NOT NULL, 
	CONSTRAINT pk_products PRIMARY KEY (id)
)
 STRICT;

CREATE TABLE projections (
	name TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	CONSTRAINT pk_projections PRIMARY KEY (name)
)
 STRICT;

CREATE TABLE punches (
	position INTEGER NOT NULL, 
	edge TEXT NOT NULL, 
	epoch TEXT NOT NULL, 
	seq INTEGER NOT NULL, 
	site TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	raw_at INTEGER NOT NULL, 
	clock TEXT NOT NULL, 
	uncertainty_ms INTEGER NOT NULL, 
	access_point TEXT NOT NULL, 
	credential TEXT NOT NULL, 
	credential_kind TEXT NOT NULL, 
	holder TEXT, 
	kind TEXT NOT NULL, 
	cache_version INTEGER NOT NULL, 
	CONSTRAINT pk_punches PRIMARY KEY (position)
)
 STRICT;

CREATE INDEX ix_punches_at ON punches (at);

CREATE INDEX ix_punches_holder_at ON punches (holder, at);

CREATE TABLE quarantine (
	id INTEGER NOT NULL, 
	edge TEXT NOT NULL, 
	epoch TEXT NOT NULL, 
	seq INTEGER NOT NULL, 
	hash BLOB NOT NULL, 
	content BLOB NOT NULL, 
	batch INTEGER NOT NULL, 
	CONSTRAINT pk_quarantine PRIMARY KEY (id), 
	CONSTRAINT uq_quarantine_edge_epoch_seq_hash UNIQUE (edge, epoch, seq, hash)
)
 STRICT;

CREATE TABLE roles (
	account TEXT NOT NULL, 
	role TEXT NOT NULL, 
	CONSTRAINT pk_roles PRIMARY KEY (account, role)
)
 STRICT;

CREATE TABLE row_changes (
	site TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	whole_at INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	id TEXT NOT NULL, 
	body BLOB, 
	holder TEXT, 
	set_hash TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	CONSTRAINT pk_row_changes PRIMARY KEY (site, version)
)
 STRICT;

CREATE INDEX ix_row_changes_site_at ON row_changes (site, at);

CREATE INDEX ix_row_changes_site_holder_version ON row_changes (site, holder, version);

CREATE INDEX ix_row_changes_site_kind_id_version ON row_changes (site, kind, id, version);

CREATE TABLE row_figures (
	kind TEXT NOT NULL, 
	id TEXT NOT NULL, 
	body BLOB NOT NULL, 
	CONSTRAINT pk_row_figures PRIMARY KEY (kind, id)
)
 STRICT;

CREATE TABLE row_included (
	site TEXT NOT NULL, 
	edge TEXT NOT NULL, 
	epoch TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	seq INTEGER NOT NULL, 
	CONSTRAINT pk_row_included PRIMARY KEY (site, edge, epoch, version)
)
 STRICT;

CREATE TABLE row_standings (
	site TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	set_hash TEXT NOT NULL, 
	trimmed_version INTEGER NOT NULL, 
	CONSTRAINT pk_row_standings PRIMARY KEY (site)
)
 STRICT;

CREATE TABLE rows (
	site TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	id TEXT NOT NULL, 
	body BLOB NOT NULL, 
	holder TEXT, 
	CONSTRAINT pk_rows PRIMARY KEY (site, kind, id)
)
 STRICT;

CREATE INDEX ix_rows_kind_id ON rows (kind, id);

CREATE TABLE sites (
	id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	timezone TEXT NOT NULL, 
	mode TEXT NOT NULL, 
	credential_key BLOB NOT NULL, 
	created_at INTEGER NOT NULL, 
	CONSTRAINT pk_sites PRIMARY KEY (id)
)
 STRICT;

CREATE TABLE taps (
	position INTEGER NOT NULL, 
	edge TEXT NOT NULL, 
	epoch TEXT NOT NULL, 
	seq INTEGER NOT NULL, 
	site TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	raw_at INTEGER NOT NULL, 
	clock TEXT NOT NULL, 
	uncertainty_ms INTEGER NOT NULL, 
	access_point TEXT NOT NULL, 
	credential TEXT NOT NULL, 
	credential_kind TEXT NOT NULL, 
	holder TEXT, 
	verdict TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	entitlement TEXT, 
	units INTEGER NOT NULL, 
	zone_to TEXT, 
	retry_at INTEGER, 
	cache_version INTEGER NOT NULL, 
	facts TEXT NOT NULL, 
	hub_verdict TEXT, 
	hub_reason TEXT, 
	hub_facts TEXT, 
	opinion TEXT, 
	judged_at INTEGER, 
	CONSTRAINT pk_taps PRIMARY KEY (position)
)
 STRICT;

CREATE INDEX ix_taps_at ON taps (at);

CREATE INDEX ix_taps_entitlement_at ON taps (entitlement, at);

CREATE INDEX ix_taps_holder_at ON taps (holder, at);

CREATE TABLE zones (
	id TEXT NOT NULL, 
	site TEXT NOT NULL, 
	name TEXT NOT NULL, 
	CONSTRAINT pk_zones PRIMARY KEY (id), 
	CONSTRAINT fk_zones_site FOREIGN KEY(site) REFERENCES sites (id)
)
 STRICT;

CREATE INDEX ix_zones_site ON zones (site);
