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
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.alerts (
    id uuid NOT NULL,
    bay_id uuid NOT NULL,
    kind character varying(20) NOT NULL,
    status character varying(20) NOT NULL,
    threshold double precision NOT NULL,
    value double precision NOT NULL,
    since timestamp with time zone NOT NULL,
    audit_id uuid,
    opened_at timestamp with time zone NOT NULL,
    acknowledged_at timestamp with time zone,
    resolved_at timestamp with time zone,
    shown_audit_id uuid,
    box json
);
CREATE TABLE public.audits (
    id uuid NOT NULL,
    store_id uuid NOT NULL,
    bay_id uuid NOT NULL,
    taken_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    deleted_at timestamp with time zone,
    idempotency_key character varying(200),
    note character varying(2000),
    photo character varying(64) NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    model json NOT NULL,
    count integer NOT NULL,
    facings integer NOT NULL,
    fill_rate double precision,
    gaps integer NOT NULL
);
CREATE TABLE public.bays (
    id uuid NOT NULL,
    store_id uuid NOT NULL,
    name character varying(200) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expected_facings integer,
    min_fill_rate double precision,
    min_facings integer,
    max_gaps integer,
    alert_after integer DEFAULT 1 NOT NULL,
    latest_audit_id uuid,
    latest_taken_at timestamp with time zone,
    latest_facings integer,
    latest_fill_rate double precision,
    latest_gaps integer,
    latest_places json
);
CREATE TABLE public.corrections (
    id uuid NOT NULL,
    audit_id uuid NOT NULL,
    number integer NOT NULL,
    base uuid,
    created_at timestamp with time zone NOT NULL,
    who character varying(200) NOT NULL,
    note character varying(2000),
    count integer NOT NULL,
    changes json NOT NULL,
    detections json NOT NULL
);
CREATE TABLE public.deliveries (
    id uuid NOT NULL,
    event_id uuid NOT NULL,
    webhook_id uuid,
    attempts integer DEFAULT 0 NOT NULL,
    next_attempt_at timestamp with time zone,
    delivered_at timestamp with time zone,
    last_error text
);
CREATE TABLE public.events (
    id uuid NOT NULL,
    alert_id uuid NOT NULL,
    kind character varying(40) NOT NULL,
    body json NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE public.feedback (
    id uuid NOT NULL,
    alert_id uuid NOT NULL,
    verdict character varying(20) NOT NULL,
    note character varying(2000),
    created_at timestamp with time zone NOT NULL,
    who character varying(200)
);
CREATE TABLE public.findings (
    audit_id uuid NOT NULL,
    detections json NOT NULL,
    report json NOT NULL
);
CREATE TABLE public.gap_verdicts (
    id uuid NOT NULL,
    bay_id uuid NOT NULL,
    audit_id uuid NOT NULL,
    gap integer NOT NULL,
    box json NOT NULL,
    verdict character varying(20) NOT NULL,
    who character varying(200),
    note character varying(2000),
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE public.photos (
    sha256 character varying(64) NOT NULL,
    format character varying(4) NOT NULL,
    size integer NOT NULL
);
CREATE TABLE public.stores (
    id uuid NOT NULL,
    name character varying(200) NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE public.webhooks (
    id uuid NOT NULL,
    url character varying(2000) NOT NULL,
    secret character varying(200) NOT NULL,
    enabled boolean NOT NULL,
    created_at timestamp with time zone NOT NULL
);
INSERT INTO public.alembic_version VALUES ('0003');
INSERT INTO public.alerts VALUES ('01a21711-93a0-74a7-a196-99cf6154a5f4', '01a21711-938d-748d-99ab-a5aebb63241b', 'fill_rate', 'open', 0.6, 0.5, '2026-03-01 12:02:00+00', '01a21711-938e-771a-bd2f-db9624965f82', '2026-11-26 08:55:57.599128+00', NULL, NULL, '01a21711-938e-771a-bd2f-db9624965f82', '[10.0,2.0,30.0,20.0]');
INSERT INTO public.audits VALUES ('01a21711-937b-73e9-9eb5-7bb1d4c04f01', '01a21711-9379-7538-9172-986d9a1637d9', '01a21711-937a-7698-b077-2f2b75525096', '2026-03-01 12:00:00+00', '2026-11-26 08:55:57.540554+00', NULL, 'key 0', 'two doors open', 'd3cccafb382b9c9df93b492036e1867bd275c65b1f87ab84a114e494b1ab642f', 48, 64, '{"name":"accurate","version":"1.2.0","precision":"int8"}', 1, 1, 0.5, 1);
INSERT INTO public.audits VALUES ('01a21711-9388-7314-bbe2-39fe34f899ea', '01a21711-9379-7538-9172-986d9a1637d9', '01a21711-937a-7698-b077-2f2b75525096', '2026-03-01 12:01:00+00', '2026-11-26 08:55:57.573331+00', '2026-11-26 08:55:57.585124+00', 'key 1', NULL, 'd3cccafb382b9c9df93b492036e1867bd275c65b1f87ab84a114e494b1ab642f', 48, 64, '{"name":"accurate","version":"1.2.0","precision":"int8"}', 1, 1, 0.5, 1);
INSERT INTO public.audits VALUES ('01a21711-938e-771a-bd2f-db9624965f82', '01a21711-938d-748d-99ab-a5ae217b507f', '01a21711-938d-748d-99ab-a5aebb63241b', '2026-03-01 12:02:00+00', '2026-11-26 08:55:57.580059+00', NULL, 'key 2', NULL, 'd3cccafb382b9c9df93b492036e1867bd275c65b1f87ab84a114e494b1ab642f', 48, 64, '{"name":"accurate","version":"1.2.0","precision":"int8"}', 1, 1, 0.5, 1);
INSERT INTO public.bays VALUES ('01a21711-937a-7698-b077-2f2b75525096', '01a21711-9379-7538-9172-986d9a1637d9', 'Cereal', '2026-11-26 08:55:57.540554+00', 12, 0.6, 8, 3, 2, '01a21711-937b-73e9-9eb5-7bb1d4c04f01', '2026-03-01 12:00:00+00', 1, 0.5, 1, '[{"row":0,"box":[10.0,2.0,30.0,20.0],"share":[0.20833,0.03125,0.625,0.3125],"width_facings":1.6,"severity":"major","since":"2026-03-01T12:00:00.000000Z"}]');
INSERT INTO public.bays VALUES ('01a21711-938d-748d-99ab-a5aebb63241b', '01a21711-938d-748d-99ab-a5ae217b507f', 'Größe „L“', '2026-11-26 08:55:57.580059+00', NULL, 0.6, NULL, NULL, 1, '01a21711-938e-771a-bd2f-db9624965f82', '2026-03-01 12:02:00+00', 1, 0.5, 1, '[{"row":0,"box":[10.0,2.0,30.0,20.0],"share":[0.20833,0.03125,0.625,0.3125],"width_facings":1.6,"severity":"major","since":"2026-03-01T12:02:00.000000Z"}]');
INSERT INTO public.corrections VALUES ('01a21711-93ac-75e8-adfb-983b890aaaf3', '01a21711-938e-771a-bd2f-db9624965f82', 1, NULL, '2026-11-26 08:55:57.612314+00', 'Bo', NULL, 1, '{"added":0,"removed":0,"moved":1,"relabelled":0}', '[{"box":[2.0,3.0,5.0,9.0],"label":"product","source":0}]');
INSERT INTO public.deliveries VALUES ('01a21711-93a5-735d-9158-31647e4eb5b5', '01a21711-93a3-756d-833c-0c8834ad0350', '01a21711-939c-70d7-a9dc-9bd7ff2b4173', 0, '2026-11-26 08:55:57.599128+00', NULL, NULL);
INSERT INTO public.events VALUES ('01a21711-93a3-756d-833c-0c8834ad0350', '01a21711-93a0-74a7-a196-99cf6154a5f4', 'alert.opened', '{"id":"01a21711-93a3-756d-833c-0c8834ad0350","type":"alert.opened","created_at":"2026-11-26T08:55:57.599128Z","alert":{"id":"01a21711-93a0-74a7-a196-99cf6154a5f4","store":"Ulm","bay":"Gr\u00f6\u00dfe \u201eL\u201c","kind":"fill_rate","status":"open","value":0.5,"threshold":0.6,"since":"2026-03-01T12:02:00.000000Z","opened_at":"2026-11-26T08:55:57.599128Z","acknowledged_at":null,"resolved_at":null,"audit_id":"01a21711-938e-771a-bd2f-db9624965f82","box":[10.0,2.0,30.0,20.0]}}', '2026-11-26 08:55:57.599128+00');
INSERT INTO public.feedback VALUES ('01a21711-93a9-77c3-8455-20ea9bf30442', '01a21711-93a0-74a7-a196-99cf6154a5f4', 'restocked', 'full again', '2026-11-26 08:55:57.607437+00', 'Ada');
INSERT INTO public.findings VALUES ('01a21711-937b-73e9-9eb5-7bb1d4c04f01', '[{"label":"product","class_id":0,"confidence":0.9,"box":[1.0,2.0,3.0,4.0]}]', '{"facings":1,"fill_rate":0.5,"rows":[],"gaps":[{"row":0,"box":[10.0,2.0,30.0,20.0],"width_facings":1.6,"severity":"major"}]}');
INSERT INTO public.findings VALUES ('01a21711-9388-7314-bbe2-39fe34f899ea', '[{"label":"product","class_id":0,"confidence":0.9,"box":[1.0,2.0,3.0,4.0]}]', '{"facings":1,"fill_rate":0.5,"rows":[],"gaps":[{"row":0,"box":[10.0,2.0,30.0,20.0],"width_facings":1.6,"severity":"major"}]}');
INSERT INTO public.findings VALUES ('01a21711-938e-771a-bd2f-db9624965f82', '[{"label":"product","class_id":0,"confidence":0.9,"box":[1.0,2.0,3.0,4.0]}]', '{"facings":1,"fill_rate":0.5,"rows":[],"gaps":[{"row":0,"box":[10.0,2.0,30.0,20.0],"width_facings":1.6,"severity":"major"}]}');
INSERT INTO public.gap_verdicts VALUES ('01a21711-93ae-7304-868d-d55a8b72c69f', '01a21711-938d-748d-99ab-a5aebb63241b', '01a21711-938e-771a-bd2f-db9624965f82', 0, '[0.20833,0.03125,0.625,0.3125]', 'false_alarm', 'Bo', 'a column', '2026-11-26 08:55:57.614791+00');
INSERT INTO public.photos VALUES ('d3cccafb382b9c9df93b492036e1867bd275c65b1f87ab84a114e494b1ab642f', 'PNG', 140);
INSERT INTO public.stores VALUES ('01a21711-9379-7538-9172-986d9a1637d9', 'Berlin 1', '2026-11-26 08:55:57.540554+00');
INSERT INTO public.stores VALUES ('01a21711-938d-748d-99ab-a5ae217b507f', 'Ulm', '2026-11-26 08:55:57.580059+00');
INSERT INTO public.webhooks VALUES ('01a21711-939c-70d7-a9dc-9bd7ff2b4173', 'https://hooks.example/shelves', '7284b0e14bdccc78bf279554507f7c0d403a52956bf3ddff9294d2d05c20d524', true, '2026-11-26 08:55:57.596285+00');
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.alerts
    ADD CONSTRAINT pk_alerts PRIMARY KEY (id);
ALTER TABLE ONLY public.audits
    ADD CONSTRAINT pk_audits PRIMARY KEY (id);
ALTER TABLE ONLY public.bays
    ADD CONSTRAINT pk_bays PRIMARY KEY (id);
ALTER TABLE ONLY public.corrections
    ADD CONSTRAINT pk_corrections PRIMARY KEY (id);
ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT pk_deliveries PRIMARY KEY (id);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT pk_events PRIMARY KEY (id);
ALTER TABLE ONLY public.feedback
    ADD CONSTRAINT pk_feedback PRIMARY KEY (id);
ALTER TABLE ONLY public.findings
    ADD CONSTRAINT pk_findings PRIMARY KEY (audit_id);
ALTER TABLE ONLY public.gap_verdicts
    ADD CONSTRAINT pk_gap_verdicts PRIMARY KEY (id);
ALTER TABLE ONLY public.photos
    ADD CONSTRAINT pk_photos PRIMARY KEY (sha256);
ALTER TABLE ONLY public.stores
    ADD CONSTRAINT pk_stores PRIMARY KEY (id);
ALTER TABLE ONLY public.webhooks
    ADD CONSTRAINT pk_webhooks PRIMARY KEY (id);
ALTER TABLE ONLY public.audits
    ADD CONSTRAINT uq_audits_bay_id_idempotency_key UNIQUE (bay_id, idempotency_key);
ALTER TABLE ONLY public.bays
    ADD CONSTRAINT uq_bays_store_id_name UNIQUE (store_id, name);
ALTER TABLE ONLY public.corrections
    ADD CONSTRAINT uq_corrections_audit_id_number UNIQUE (audit_id, number);
ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT uq_deliveries_event_id_webhook_id UNIQUE (event_id, webhook_id);
ALTER TABLE ONLY public.stores
    ADD CONSTRAINT uq_stores_name UNIQUE (name);
CREATE INDEX ix_alerts_audit_id ON public.alerts USING btree (audit_id);
CREATE INDEX ix_alerts_status ON public.alerts USING btree (status, opened_at, id);
CREATE INDEX ix_audits_bay ON public.audits USING btree (bay_id, taken_at, id, facings, fill_rate, gaps) WHERE (deleted_at IS NULL);
CREATE INDEX ix_audits_deleted ON public.audits USING btree (deleted_at) WHERE (deleted_at IS NOT NULL);
CREATE INDEX ix_audits_newest ON public.audits USING btree (taken_at, id) WHERE (deleted_at IS NULL);
CREATE INDEX ix_audits_photo ON public.audits USING btree (photo);
CREATE INDEX ix_audits_store ON public.audits USING btree (store_id, taken_at, id) WHERE (deleted_at IS NULL);
CREATE INDEX ix_deliveries_due ON public.deliveries USING btree (next_attempt_at) WHERE (next_attempt_at IS NOT NULL);
CREATE INDEX ix_deliveries_webhook_id ON public.deliveries USING btree (webhook_id);
CREATE INDEX ix_events_alert_id ON public.events USING btree (alert_id);
CREATE INDEX ix_feedback_alert_id ON public.feedback USING btree (alert_id);
CREATE INDEX ix_gap_verdicts_bay_id ON public.gap_verdicts USING btree (bay_id);
CREATE INDEX ix_gap_verdicts_gap ON public.gap_verdicts USING btree (audit_id, gap, id);
CREATE UNIQUE INDEX uq_alerts_unresolved ON public.alerts USING btree (bay_id, kind) WHERE ((status)::text <> 'resolved'::text);
ALTER TABLE ONLY public.alerts
    ADD CONSTRAINT fk_alerts_audit_id FOREIGN KEY (audit_id) REFERENCES public.audits(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.alerts
    ADD CONSTRAINT fk_alerts_bay_id FOREIGN KEY (bay_id) REFERENCES public.bays(id);
ALTER TABLE ONLY public.audits
    ADD CONSTRAINT fk_audits_bay_id FOREIGN KEY (bay_id) REFERENCES public.bays(id);
ALTER TABLE ONLY public.audits
    ADD CONSTRAINT fk_audits_photo FOREIGN KEY (photo) REFERENCES public.photos(sha256);
ALTER TABLE ONLY public.audits
    ADD CONSTRAINT fk_audits_store_id FOREIGN KEY (store_id) REFERENCES public.stores(id);
ALTER TABLE ONLY public.bays
    ADD CONSTRAINT fk_bays_store_id FOREIGN KEY (store_id) REFERENCES public.stores(id);
ALTER TABLE ONLY public.corrections
    ADD CONSTRAINT fk_corrections_audit_id FOREIGN KEY (audit_id) REFERENCES public.audits(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT fk_deliveries_event_id FOREIGN KEY (event_id) REFERENCES public.events(id);
ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT fk_deliveries_webhook_id FOREIGN KEY (webhook_id) REFERENCES public.webhooks(id);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT fk_events_alert_id FOREIGN KEY (alert_id) REFERENCES public.alerts(id);
ALTER TABLE ONLY public.feedback
    ADD CONSTRAINT fk_feedback_alert_id FOREIGN KEY (alert_id) REFERENCES public.alerts(id);
ALTER TABLE ONLY public.findings
    ADD CONSTRAINT fk_findings_audit_id FOREIGN KEY (audit_id) REFERENCES public.audits(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.gap_verdicts
    ADD CONSTRAINT fk_gap_verdicts_bay_id FOREIGN KEY (bay_id) REFERENCES public.bays(id);
