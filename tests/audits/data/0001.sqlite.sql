BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE alerts (
	id CHAR(32) NOT NULL, 
	bay_id CHAR(32) NOT NULL, 
	kind VARCHAR(20) NOT NULL, 
	status VARCHAR(20) NOT NULL, 
	threshold DOUBLE NOT NULL, 
	value DOUBLE NOT NULL, 
	since DATETIME NOT NULL, 
	audit_id CHAR(32), 
	opened_at DATETIME NOT NULL, 
	acknowledged_at DATETIME, 
	resolved_at DATETIME, 
	CONSTRAINT pk_alerts PRIMARY KEY (id), 
	CONSTRAINT fk_alerts_audit_id FOREIGN KEY(audit_id) REFERENCES audits (id) ON DELETE SET NULL, 
	CONSTRAINT fk_alerts_bay_id FOREIGN KEY(bay_id) REFERENCES bays (id)
);
CREATE TABLE audits (
	id CHAR(32) NOT NULL, 
	store_id CHAR(32) NOT NULL, 
	bay_id CHAR(32) NOT NULL, 
	taken_at DATETIME NOT NULL, 
	created_at DATETIME NOT NULL, 
	deleted_at DATETIME, 
	idempotency_key VARCHAR(200), 
	note VARCHAR(2000), 
	photo VARCHAR(64) NOT NULL, 
	width INTEGER NOT NULL, 
	height INTEGER NOT NULL, 
	model JSON NOT NULL, 
	count INTEGER NOT NULL, 
	facings INTEGER NOT NULL, 
	fill_rate DOUBLE, 
	gaps INTEGER NOT NULL, 
	CONSTRAINT pk_audits PRIMARY KEY (id), 
	CONSTRAINT fk_audits_bay_id FOREIGN KEY(bay_id) REFERENCES bays (id), 
	CONSTRAINT fk_audits_photo FOREIGN KEY(photo) REFERENCES photos (sha256), 
	CONSTRAINT fk_audits_store_id FOREIGN KEY(store_id) REFERENCES stores (id), 
	CONSTRAINT uq_audits_bay_id_idempotency_key UNIQUE (bay_id, idempotency_key)
);
INSERT INTO "audits" VALUES('01a21519824f72ff8bea7b62ac819df4','01a21519824b72da8890c931c72ed601','01a21519824d7097b50b52eda9325e20','2026-03-01 12:00:00.000000','2026-11-25 23:45:22.987686',NULL,'key 0','two doors open','d3cccafb382b9c9df93b492036e1867bd275c65b1f87ab84a114e494b1ab642f',48,64,'{"name": "accurate", "version": "1.2.0", "precision": "int8"}',1,1,0.5,0);
INSERT INTO "audits" VALUES('01a21519826171268e3cc8ca3192a3ce','01a21519824b72da8890c931c72ed601','01a21519824d7097b50b52eda9325e20','2026-03-01 12:01:00.000000','2026-11-25 23:45:23.035615','2026-11-25 23:45:23.062124','key 1',NULL,'d3cccafb382b9c9df93b492036e1867bd275c65b1f87ab84a114e494b1ab642f',48,64,'{"name": "accurate", "version": "1.2.0", "precision": "int8"}',1,1,0.5,0);
INSERT INTO "audits" VALUES('01a21519826e70fab3e565069ee80a64','01a21519826c7534b2825840a8fb38f2','01a21519826d754aa864eee20f8a21a7','2026-03-01 12:02:00.000000','2026-11-25 23:45:23.048085',NULL,'key 2',NULL,'d3cccafb382b9c9df93b492036e1867bd275c65b1f87ab84a114e494b1ab642f',48,64,'{"name": "accurate", "version": "1.2.0", "precision": "int8"}',1,1,0.5,0);
CREATE TABLE bays (
	id CHAR(32) NOT NULL, 
	store_id CHAR(32) NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	created_at DATETIME NOT NULL, 
	expected_facings INTEGER, 
	min_fill_rate DOUBLE, 
	min_facings INTEGER, 
	max_gaps INTEGER, 
	alert_after INTEGER DEFAULT '1' NOT NULL, 
	latest_audit_id CHAR(32), 
	latest_taken_at DATETIME, 
	latest_facings INTEGER, 
	latest_fill_rate DOUBLE, 
	latest_gaps INTEGER, 
	CONSTRAINT pk_bays PRIMARY KEY (id), 
	CONSTRAINT fk_bays_store_id FOREIGN KEY(store_id) REFERENCES stores (id), 
	CONSTRAINT uq_bays_store_id_name UNIQUE (store_id, name)
);
INSERT INTO "bays" VALUES('01a21519824d7097b50b52eda9325e20','01a21519824b72da8890c931c72ed601','Cereal','2026-11-25 23:45:22.987686',12,0.6,8,3,2,'01a21519824f72ff8bea7b62ac819df4','2026-03-01 12:00:00.000000',1,0.5,0);
INSERT INTO "bays" VALUES('01a21519826d754aa864eee20f8a21a7','01a21519826c7534b2825840a8fb38f2','Größe „L“','2026-11-25 23:45:23.048085',NULL,NULL,NULL,NULL,1,'01a21519826e70fab3e565069ee80a64','2026-03-01 12:02:00.000000',1,0.5,0);
CREATE TABLE deliveries (
	id CHAR(32) NOT NULL, 
	event_id CHAR(32) NOT NULL, 
	webhook_id CHAR(32), 
	attempts INTEGER DEFAULT '0' NOT NULL, 
	next_attempt_at DATETIME, 
	delivered_at DATETIME, 
	last_error TEXT, 
	CONSTRAINT pk_deliveries PRIMARY KEY (id), 
	CONSTRAINT fk_deliveries_event_id FOREIGN KEY(event_id) REFERENCES events (id), 
	CONSTRAINT fk_deliveries_webhook_id FOREIGN KEY(webhook_id) REFERENCES webhooks (id), 
	CONSTRAINT uq_deliveries_event_id_webhook_id UNIQUE (event_id, webhook_id)
);
CREATE TABLE events (
	id CHAR(32) NOT NULL, 
	alert_id CHAR(32) NOT NULL, 
	kind VARCHAR(40) NOT NULL, 
	body JSON NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_events PRIMARY KEY (id), 
	CONSTRAINT fk_events_alert_id FOREIGN KEY(alert_id) REFERENCES alerts (id)
);
CREATE TABLE feedback (
	id CHAR(32) NOT NULL, 
	alert_id CHAR(32) NOT NULL, 
	verdict VARCHAR(20) NOT NULL, 
	note VARCHAR(2000), 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_feedback PRIMARY KEY (id), 
	CONSTRAINT fk_feedback_alert_id FOREIGN KEY(alert_id) REFERENCES alerts (id)
);
CREATE TABLE findings (
	audit_id CHAR(32) NOT NULL, 
	detections JSON NOT NULL, 
	report JSON NOT NULL, 
	CONSTRAINT pk_findings PRIMARY KEY (audit_id), 
	CONSTRAINT fk_findings_audit_id FOREIGN KEY(audit_id) REFERENCES audits (id) ON DELETE CASCADE
);
INSERT INTO "findings" VALUES('01a21519824f72ff8bea7b62ac819df4','[{"label": "product", "class_id": 0, "confidence": 0.9, "box": [1.0, 2.0, 3.0, 4.0]}]','{"facings": 1, "fill_rate": 0.5, "rows": [], "gaps": []}');
INSERT INTO "findings" VALUES('01a21519826171268e3cc8ca3192a3ce','[{"label": "product", "class_id": 0, "confidence": 0.9, "box": [1.0, 2.0, 3.0, 4.0]}]','{"facings": 1, "fill_rate": 0.5, "rows": [], "gaps": []}');
INSERT INTO "findings" VALUES('01a21519826e70fab3e565069ee80a64','[{"label": "product", "class_id": 0, "confidence": 0.9, "box": [1.0, 2.0, 3.0, 4.0]}]','{"facings": 1, "fill_rate": 0.5, "rows": [], "gaps": []}');
CREATE TABLE photos (
	sha256 VARCHAR(64) NOT NULL, 
	format VARCHAR(4) NOT NULL, 
	size INTEGER NOT NULL, 
	CONSTRAINT pk_photos PRIMARY KEY (sha256)
);
INSERT INTO "photos" VALUES('d3cccafb382b9c9df93b492036e1867bd275c65b1f87ab84a114e494b1ab642f','PNG',140);
CREATE TABLE stores (
	id CHAR(32) NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_stores PRIMARY KEY (id), 
	CONSTRAINT uq_stores_name UNIQUE (name)
);
INSERT INTO "stores" VALUES('01a21519824b72da8890c931c72ed601','Berlin 1','2026-11-25 23:45:22.987686');
INSERT INTO "stores" VALUES('01a21519826c7534b2825840a8fb38f2','Ulm','2026-11-25 23:45:23.048085');
CREATE TABLE webhooks (
	id CHAR(32) NOT NULL, 
	url VARCHAR(2000) NOT NULL, 
	secret VARCHAR(200) NOT NULL, 
	enabled BOOLEAN NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_webhooks PRIMARY KEY (id)
);
CREATE INDEX ix_audits_bay ON audits (bay_id, taken_at, id, facings, fill_rate, gaps) WHERE deleted_at IS NULL;
CREATE INDEX ix_audits_deleted ON audits (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX ix_audits_newest ON audits (taken_at, id) WHERE deleted_at IS NULL;
CREATE INDEX ix_audits_photo ON audits (photo);
CREATE INDEX ix_audits_store ON audits (store_id, taken_at, id) WHERE deleted_at IS NULL;
CREATE INDEX ix_alerts_audit_id ON alerts (audit_id);
CREATE INDEX ix_alerts_status ON alerts (status, opened_at, id);
CREATE UNIQUE INDEX uq_alerts_unresolved ON alerts (bay_id, kind) WHERE status <> 'resolved';
CREATE INDEX ix_events_alert_id ON events (alert_id);
CREATE INDEX ix_feedback_alert_id ON feedback (alert_id);
CREATE INDEX ix_deliveries_due ON deliveries (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX ix_deliveries_webhook_id ON deliveries (webhook_id);
COMMIT;
