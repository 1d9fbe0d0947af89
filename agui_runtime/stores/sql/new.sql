CREATE TABLE agui_chunk (
	thread_id TEXT NOT NULL,
	last BIGINT NOT NULL,
	first BIGINT NOT NULL,
	run_id TEXT NOT NULL,
	written DOUBLE NOT NULL,
	bytes BIGINT NOT NULL,
	compacted BOOLEAN DEFAULT 0 NOT NULL,
	events BLOB NOT NULL,
	CONSTRAINT agui_chunk_pk PRIMARY KEY (thread_id, last)
);
CREATE TABLE agui_counter (
	id TEXT NOT NULL,
	amount BIGINT NOT NULL,
	until DOUBLE NOT NULL,
	CONSTRAINT agui_counter_pk PRIMARY KEY (id)
);
CREATE TABLE agui_job (
	thread_id TEXT NOT NULL,
	run_id TEXT NOT NULL,
	owner TEXT NOT NULL,
	queue TEXT NOT NULL,
	rank BIGINT NOT NULL,
	posted DOUBLE NOT NULL,
	offered DOUBLE NOT NULL,
	nonce TEXT,
	body BLOB NOT NULL,
	CONSTRAINT agui_job_pk PRIMARY KEY (thread_id)
);
CREATE INDEX agui_job_by_owner ON agui_job (queue, owner, rank);
CREATE INDEX agui_job_posted ON agui_job (posted);
CREATE INDEX agui_job_turn ON agui_job (queue, rank, posted, thread_id);
CREATE TABLE agui_message (
	thread_id TEXT NOT NULL,
	id TEXT NOT NULL,
	role TEXT,
	run_first BIGINT,
	position BIGINT,
	model TEXT,
	input_tokens BIGINT,
	output_tokens BIGINT,
	cost DOUBLE,
	milliseconds DOUBLE,
	text TEXT,
	cached_tokens BIGINT,
	cache_write_tokens BIGINT,
	reasoning_tokens BIGINT,
	usd TEXT,
	CONSTRAINT agui_message_pk PRIMARY KEY (thread_id, id)
);
CREATE TABLE agui_place (
	id TEXT NOT NULL,
	scope TEXT NOT NULL,
	until DOUBLE NOT NULL,
	CONSTRAINT agui_place_pk PRIMARY KEY (id, scope)
);
CREATE INDEX agui_place_taken ON agui_place (scope, until);
CREATE TABLE agui_run (
	thread_id TEXT NOT NULL,
	first BIGINT NOT NULL,
	run_id TEXT NOT NULL,
	agent TEXT NOT NULL,
	owner TEXT NOT NULL,
	fingerprint TEXT NOT NULL,
	status TEXT NOT NULL,
	started DOUBLE NOT NULL,
	ended DOUBLE,
	schema_version INTEGER NOT NULL,
	bytes BIGINT NOT NULL,
	compacted BOOLEAN DEFAULT 0 NOT NULL,
	error_code TEXT,
	model TEXT,
	provider TEXT,
	input_tokens BIGINT,
	output_tokens BIGINT,
	cached_tokens BIGINT,
	cache_write_tokens BIGINT,
	reasoning_tokens BIGINT,
	cost DOUBLE,
	first_event_seconds DOUBLE,
	usd TEXT,
	prices TEXT,
	nonce TEXT,
	CONSTRAINT agui_run_pk PRIMARY KEY (thread_id, first)
);
CREATE INDEX agui_run_by_owner ON agui_run (owner, started);
CREATE INDEX agui_run_uncompacted ON agui_run (ended) WHERE not compacted;
CREATE TABLE agui_schedule (
	id TEXT NOT NULL,
	owner TEXT NOT NULL,
	created DOUBLE NOT NULL,
	wakes DOUBLE,
	version TEXT NOT NULL,
	body BLOB NOT NULL,
	CONSTRAINT agui_schedule_pk PRIMARY KEY (id)
);
CREATE INDEX agui_schedule_by_owner ON agui_schedule (owner, created, id);
CREATE INDEX agui_schedule_wakes ON agui_schedule (wakes);
CREATE TABLE agui_sealed_owner (
	id TEXT NOT NULL,
	wrapped_key BLOB NOT NULL,
	version BIGINT NOT NULL,
	CONSTRAINT agui_sealed_owner_pk PRIMARY KEY (id)
);
CREATE TABLE agui_sealed_row (
	owner TEXT NOT NULL,
	id TEXT NOT NULL,
	version BIGINT NOT NULL,
	written DOUBLE NOT NULL,
	body BLOB,
	CONSTRAINT agui_sealed_row_pk PRIMARY KEY (owner, id)
);
CREATE INDEX agui_sealed_row_changed ON agui_sealed_row (owner, version);
CREATE TABLE agui_state (
	thread_id TEXT NOT NULL,
	agent TEXT NOT NULL,
	version BIGINT NOT NULL,
	schema_version INTEGER NOT NULL,
	saved DOUBLE NOT NULL,
	nonce TEXT,
	payload BLOB NOT NULL,
	CONSTRAINT agui_state_pk PRIMARY KEY (thread_id, agent)
);
CREATE TABLE agui_thread (
	id TEXT NOT NULL,
	owner TEXT NOT NULL,
	agent TEXT NOT NULL,
	name TEXT,
	archived BOOLEAN DEFAULT 0 NOT NULL,
	created DOUBLE NOT NULL,
	updated DOUBLE NOT NULL,
	epoch TEXT NOT NULL,
	place TEXT NOT NULL,
	first BIGINT NOT NULL,
	seq BIGINT NOT NULL,
	size BIGINT NOT NULL,
	tokens BIGINT NOT NULL,
	ended TEXT,
	token BIGINT,
	live TEXT,
	until DOUBLE,
	nonce TEXT,
	spent BIGINT NOT NULL,
	stop BOOLEAN DEFAULT 0 NOT NULL,
	CONSTRAINT agui_thread_pk PRIMARY KEY (id)
);
CREATE INDEX agui_thread_listed ON agui_thread (owner, updated, id);
CREATE INDEX agui_thread_live ON agui_thread (until) WHERE token is not null;
CREATE INDEX agui_thread_updated ON agui_thread (updated);
CREATE TABLE agui_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT agui_version_pkc PRIMARY KEY (version_num)
);
CREATE TABLE agui_worker (
	id TEXT NOT NULL,
	queue TEXT NOT NULL,
	seen DOUBLE NOT NULL,
	CONSTRAINT agui_worker_pk PRIMARY KEY (id, queue)
);
INSERT INTO agui_version (version_num) VALUES ('0007');
