--
-- PostgreSQL database dump
--


-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: agui_chunk; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.agui_chunk (
    thread_id text NOT NULL,
    last bigint NOT NULL,
    first bigint NOT NULL,
    run_id text NOT NULL,
    written double precision NOT NULL,
    bytes bigint NOT NULL,
    compacted boolean DEFAULT false NOT NULL,
    events bytea NOT NULL
);


--
-- Name: agui_counter; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.agui_counter (
    id text NOT NULL,
    amount bigint NOT NULL,
    until double precision NOT NULL
);


--
-- Name: agui_job; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.agui_job (
    thread_id text NOT NULL,
    run_id text NOT NULL,
    owner text NOT NULL,
    queue text NOT NULL,
    rank bigint NOT NULL,
    posted double precision NOT NULL,
    offered double precision NOT NULL,
    nonce text,
    body bytea NOT NULL
);


--
-- Name: agui_message; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.agui_message (
    thread_id text NOT NULL,
    id text NOT NULL,
    role text,
    run_first bigint,
    "position" bigint,
    model text,
    input_tokens bigint,
    output_tokens bigint,
    cost double precision,
    milliseconds double precision,
    text text,
    cached_tokens bigint,
    cache_write_tokens bigint,
    reasoning_tokens bigint,
    usd text
);


--
-- Name: agui_place; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.agui_place (
    id text NOT NULL,
    scope text NOT NULL,
    until double precision NOT NULL
);


--
-- Name: agui_run; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.agui_run (
    thread_id text NOT NULL,
    first bigint NOT NULL,
    run_id text NOT NULL,
    agent text NOT NULL,
    owner text NOT NULL,
    fingerprint text NOT NULL,
    status text NOT NULL,
    started double precision NOT NULL,
    ended double precision,
    schema_version integer NOT NULL,
    bytes bigint NOT NULL,
    compacted boolean DEFAULT false NOT NULL,
    error_code text,
    model text,
    provider text,
    input_tokens bigint,
    output_tokens bigint,
    cached_tokens bigint,
    cache_write_tokens bigint,
    reasoning_tokens bigint,
    cost double precision,
    first_event_seconds double precision,
    usd text,
    prices text,
    nonce text
);


--
-- Name: agui_schedule; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.agui_schedule (
    id text NOT NULL,
    owner text NOT NULL,
    created double precision NOT NULL,
    wakes double precision,
    version text NOT NULL,
    body bytea NOT NULL
);


--
-- Name: agui_sealed_owner; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.agui_sealed_owner (
    id text NOT NULL,
    wrapped_key bytea NOT NULL,
    version bigint NOT NULL
);


--
-- Name: agui_sealed_row; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.agui_sealed_row (
    owner text NOT NULL,
    id text NOT NULL,
    version bigint NOT NULL,
    written double precision NOT NULL,
    body bytea
);


--
-- Name: agui_state; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.agui_state (
    thread_id text NOT NULL,
    agent text NOT NULL,
    version bigint NOT NULL,
    schema_version integer NOT NULL,
    saved double precision NOT NULL,
    nonce text,
    payload bytea NOT NULL
);


--
-- Name: agui_thread; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.agui_thread (
    id text NOT NULL,
    owner text NOT NULL,
    agent text NOT NULL,
    name text,
    archived boolean DEFAULT false NOT NULL,
    created double precision NOT NULL,
    updated double precision NOT NULL,
    epoch text NOT NULL,
    place text NOT NULL,
    first bigint NOT NULL,
    seq bigint NOT NULL,
    size bigint NOT NULL,
    tokens bigint NOT NULL,
    ended text,
    token bigint,
    live text,
    until double precision,
    nonce text,
    spent bigint NOT NULL,
    stop boolean DEFAULT false NOT NULL
);


--
-- Name: agui_version; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.agui_version (
    version_num character varying(32) NOT NULL
);


--
-- Name: agui_worker; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.agui_worker (
    id text NOT NULL,
    queue text NOT NULL,
    seen double precision NOT NULL
);


--
-- Data for Name: agui_chunk; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.agui_chunk VALUES ('a thread: ü, 😀', 5, 1, 'r1', 1795790044.486103, 326, false, '\x5b7b2274797065223a22544558545f4d4553534147455f5354415254222c226d6573736167654964223a226d31222c22726f6c65223a22617373697374616e74227d2c7b2274797065223a22544558545f4d4553534147455f434f4e54454e54222c226d6573736167654964223a226d31222c2264656c7461223a2248656c6c6f20227d2c7b2274797065223a22544558545f4d4553534147455f434f4e54454e54222c226d6573736167654964223a226d31222c2264656c7461223a2277c3b6726c6420f09f9880227d2c7b2274797065223a22544558545f4d4553534147455f434f4e54454e54222c226d6573736167654964223a226d31222c2264656c7461223a225c753030303020616e6420552b30303030227d2c7b2274797065223a22544558545f4d4553534147455f454e44222c226d6573736167654964223a226d31227d5d');
INSERT INTO public.agui_chunk VALUES ('a thread: ü, 😀', 6, 6, 'r1', 1795790044.491129, 70, false, '\x5b7b2274797065223a2252554e5f46494e4953484544222c227468726561644964223a2261207468726561643a20c3bc2c20f09f9880222c2272756e4964223a227231227d5d');
INSERT INTO public.agui_chunk VALUES ('a thread: ü, 😀', 11, 7, 'r2', 1795790044.493923, 326, false, '\x5b7b2274797065223a22544558545f4d4553534147455f5354415254222c226d6573736167654964223a226d32222c22726f6c65223a22617373697374616e74227d2c7b2274797065223a22544558545f4d4553534147455f434f4e54454e54222c226d6573736167654964223a226d32222c2264656c7461223a2248656c6c6f20227d2c7b2274797065223a22544558545f4d4553534147455f434f4e54454e54222c226d6573736167654964223a226d32222c2264656c7461223a2277c3b6726c6420f09f9880227d2c7b2274797065223a22544558545f4d4553534147455f434f4e54454e54222c226d6573736167654964223a226d32222c2264656c7461223a225c753030303020616e6420552b30303030227d2c7b2274797065223a22544558545f4d4553534147455f454e44222c226d6573736167654964223a226d32227d5d');
INSERT INTO public.agui_chunk VALUES ('a thread: ü, 😀', 12, 12, 'r2', 1795790044.497597, 70, false, '\x5b7b2274797065223a2252554e5f46494e4953484544222c227468726561644964223a2261207468726561643a20c3bc2c20f09f9880222c2272756e4964223a227232227d5d');
INSERT INTO public.agui_chunk VALUES ('a thread: ü, 😀', 14, 13, 'r3', 1795790044.501056, 133, false, '\x5b7b2274797065223a22544558545f4d4553534147455f5354415254222c226d6573736167654964223a226d33222c22726f6c65223a22617373697374616e74227d2c7b2274797065223a22544558545f4d4553534147455f434f4e54454e54222c226d6573736167654964223a226d33222c2264656c7461223a2248656c6c6f20227d5d');


--
-- Data for Name: agui_counter; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: agui_job; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: agui_message; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.agui_message VALUES ('a thread: ü, 😀', 'm1', 'assistant', 1, 0, NULL, NULL, NULL, NULL, NULL, 'Hello wörld 😀� and U+0000', NULL, NULL, NULL, NULL);
INSERT INTO public.agui_message VALUES ('a thread: ü, 😀', 'm2', 'assistant', 7, 0, NULL, NULL, NULL, NULL, NULL, 'Hello wörld 😀� and U+0000', NULL, NULL, NULL, NULL);


--
-- Data for Name: agui_place; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: agui_run; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.agui_run VALUES ('a thread: ü, 😀', 1, 'r1', 'default', 'ann', 'f1', 'finished', 1001, 2000, 1, 396, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.agui_run VALUES ('a thread: ü, 😀', 7, 'r2', 'default', 'ann', 'f2', 'finished', 1002, 2000, 1, 396, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.agui_run VALUES ('a thread: ü, 😀', 13, 'r3', 'default', 'ann', 'f3', 'running', 1003, NULL, 1, 0, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);


--
-- Data for Name: agui_schedule; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.agui_schedule VALUES ('s1', 'ann', 1000, 4000000000, '0123456789abcdef0123456789abcdef', '\x7b227363686564756c655f6964223a227331222c226f776e6572223a22616e6e222c226167656e74223a2264656661756c74222c2263726f6e223a22302037202a202a20312d35222c227a6f6e65223a224575726f70652f4265726c696e222c226d657373616765223a225c753030303020616e6420552b30303030222c22637265617465645f6174223a313030302e302c227468726561645f6964223a2261207468726561643a20c3bc2c20f09f9880222c2270726f70657274696573223a7b7d2c22706175736564223a66616c73652c226e6578745f6174223a343030303030303030302e302c2274616b656e223a6e756c6c2c226c617374223a6e756c6c7d');


--
-- Data for Name: agui_sealed_owner; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: agui_sealed_row; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: agui_state; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.agui_state VALUES ('a thread: ü, 😀', 'default', 2, 1, 2000, '9f05021b145d4345bafcc514357a6be3', '\x7b227374617465223a7b22776569223a313138303539313632303731373431313330333432342c2274657874223a227a65726f205c7530303030227d2c226d65737361676573223a5b7b226964223a226d32222c22726f6c65223a22617373697374616e74222c22636f6e74656e74223a2248656c6c6f2077c3b6726c6420f09f98805c753030303020616e6420552b30303030227d5d2c2273617665645f6174223a323030302e302c22736368656d61223a317d');


--
-- Data for Name: agui_thread; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.agui_thread VALUES ('a thread: ü, 😀', 'ann', 'default', 'Greetings', true, 1795790044.453922, 1795790044.499796, '9f4bcdff55c9', '7712859498232147848/00000001/16490', 1, 14, 925, 1795790044454011, 'bdc59db299ce42b5a1f4e0acb58030c4', 1795790044454011, 'r3', 1795790050.499796, '699ab2e366a14852bd37824732592360', 133, false);


--
-- Data for Name: agui_version; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.agui_version VALUES ('0007');


--
-- Data for Name: agui_worker; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Name: agui_chunk agui_chunk_pk; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.agui_chunk
    ADD CONSTRAINT agui_chunk_pk PRIMARY KEY (thread_id, last);


--
-- Name: agui_counter agui_counter_pk; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.agui_counter
    ADD CONSTRAINT agui_counter_pk PRIMARY KEY (id);


--
-- Name: agui_job agui_job_pk; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.agui_job
    ADD CONSTRAINT agui_job_pk PRIMARY KEY (thread_id);


--
-- Name: agui_message agui_message_pk; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.agui_message
    ADD CONSTRAINT agui_message_pk PRIMARY KEY (thread_id, id);


--
-- Name: agui_place agui_place_pk; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.agui_place
    ADD CONSTRAINT agui_place_pk PRIMARY KEY (id, scope);


--
-- Name: agui_run agui_run_pk; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.agui_run
    ADD CONSTRAINT agui_run_pk PRIMARY KEY (thread_id, first);


--
-- Name: agui_schedule agui_schedule_pk; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.agui_schedule
    ADD CONSTRAINT agui_schedule_pk PRIMARY KEY (id);


--
-- Name: agui_sealed_owner agui_sealed_owner_pk; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.agui_sealed_owner
    ADD CONSTRAINT agui_sealed_owner_pk PRIMARY KEY (id);


--
-- Name: agui_sealed_row agui_sealed_row_pk; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.agui_sealed_row
    ADD CONSTRAINT agui_sealed_row_pk PRIMARY KEY (owner, id);


--
-- Name: agui_state agui_state_pk; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.agui_state
    ADD CONSTRAINT agui_state_pk PRIMARY KEY (thread_id, agent);


--
-- Name: agui_thread agui_thread_pk; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.agui_thread
    ADD CONSTRAINT agui_thread_pk PRIMARY KEY (id);


--
-- Name: agui_version agui_version_pkc; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.agui_version
    ADD CONSTRAINT agui_version_pkc PRIMARY KEY (version_num);


--
-- Name: agui_worker agui_worker_pk; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.agui_worker
    ADD CONSTRAINT agui_worker_pk PRIMARY KEY (id, queue);


--
-- Name: agui_job_by_owner; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX agui_job_by_owner ON public.agui_job USING btree (queue, owner, rank);


--
-- Name: agui_job_posted; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX agui_job_posted ON public.agui_job USING btree (posted);


--
-- Name: agui_job_turn; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX agui_job_turn ON public.agui_job USING btree (queue, rank, posted, thread_id);


--
-- Name: agui_place_taken; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX agui_place_taken ON public.agui_place USING btree (scope, until);


--
-- Name: agui_run_by_owner; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX agui_run_by_owner ON public.agui_run USING btree (owner, started);


--
-- Name: agui_run_uncompacted; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX agui_run_uncompacted ON public.agui_run USING btree (ended) WHERE (NOT compacted);


--
-- Name: agui_schedule_by_owner; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX agui_schedule_by_owner ON public.agui_schedule USING btree (owner, created, id);


--
-- Name: agui_schedule_wakes; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX agui_schedule_wakes ON public.agui_schedule USING btree (wakes);


--
-- Name: agui_sealed_row_changed; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX agui_sealed_row_changed ON public.agui_sealed_row USING btree (owner, version);


--
-- Name: agui_thread_listed; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX agui_thread_listed ON public.agui_thread USING btree (owner, updated, id);


--
-- Name: agui_thread_live; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX agui_thread_live ON public.agui_thread USING btree (until) WHERE (token IS NOT NULL);


--
-- Name: agui_thread_updated; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX agui_thread_updated ON public.agui_thread USING btree (updated);


--
-- PostgreSQL database dump complete
--


