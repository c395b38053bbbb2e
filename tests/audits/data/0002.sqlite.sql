BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0002');
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
	resolved_at DATETIME, shown_audit_id CHAR(32), box JSON, 
	CONSTRAINT pk_alerts PRIMARY KEY (id), 
	CONSTRAINT fk_alerts_audit_id FOREIGN KEY(audit_id) REFERENCES audits (id) ON DELETE SET NULL, 
	CONSTRAINT fk_alerts_bay_id FOREIGN KEY(bay_id) REFERENCES bays (id)
);
INSERT INTO "alerts" VALUES('01a21559dd4272ee8384708b1f70efd4','01a21559dd2176fd9e0510a6a760cded','fill_rate','open',0.6,0.5,'2026-03-01 12:02:00.000000','01a21559dd22740cac4fd50895f21d62','2026-11-26 00:55:40.608595',NULL,NULL,'01a21559dd22740cac4fd50895f21d62',NULL);
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
INSERT INTO "audits" VALUES('01a21559dd0273988620fa31d3de6400','01a21559dcff74d78a39a618d47368d9','01a21559dd0175e0aa1a76ee4c7c495d','2026-03-01 12:00:00.000000','2026-11-26 00:55:40.500776',NULL,'key 0','two doors open','d3cccafb382b9c9df93b492036e1867bd275c65b1f87ab84a114e494b1ab642f',48,64,'{"name":"accurate","version":"1.2.0","precision":"int8"}',1,1,0.5,0);
INSERT INTO "audits" VALUES('01a21559dd15752489b74b03bb91b528','01a21559dcff74d78a39a618d47368d9','01a21559dd0175e0aa1a76ee4c7c495d','2026-03-01 12:01:00.000000','2026-11-26 00:55:40.560780','2026-11-26 00:55:40.584723','key 1',NULL,'d3cccafb382b9c9df93b492036e1867bd275c65b1f87ab84a114e494b1ab642f',48,64,'{"name":"accurate","version":"1.2.0","precision":"int8"}',1,1,0.5,0);
INSERT INTO "audits" VALUES('01a21559dd22740cac4fd50895f21d62','01a21559dd2176fd9e0510a697c28b85','01a21559dd2176fd9e0510a6a760cded','2026-03-01 12:02:00.000000','2026-11-26 00:55:40.572635',NULL,'key 2',NULL,'d3cccafb382b9c9df93b492036e1867bd275c65b1f87ab84a114e494b1ab642f',48,64,'{"name":"accurate","version":"1.2.0","precision":"int8"}',1,1,0.5,0);
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
INSERT INTO "bays" VALUES('01a21559dd0175e0aa1a76ee4c7c495d','01a21559dcff74d78a39a618d47368d9','Cereal','2026-11-26 00:55:40.500776',12,0.6,8,3,2,'01a21559dd0273988620fa31d3de6400','2026-03-01 12:00:00.000000',1,0.5,0);
INSERT INTO "bays" VALUES('01a21559dd2176fd9e0510a6a760cded','01a21559dd2176fd9e0510a697c28b85','Größe „L“','2026-11-26 00:55:40.572635',NULL,0.6,NULL,NULL,1,'01a21559dd22740cac4fd50895f21d62','2026-03-01 12:02:00.000000',1,0.5,0);
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
INSERT INTO "deliveries" VALUES('01a21559dd4c71c5a1227f60f34f41cd','01a21559dd457755a582ae7d607f89fb','01a21559dd3c727f9d8ca60551549598',0,'2026-11-26 00:55:40.608595',NULL,NULL);
CREATE TABLE events (
	id CHAR(32) NOT NULL, 
	alert_id CHAR(32) NOT NULL, 
	kind VARCHAR(40) NOT NULL, 
	body JSON NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_events PRIMARY KEY (id), 
	CONSTRAINT fk_events_alert_id FOREIGN KEY(alert_id) REFERENCES alerts (id)
);
INSERT INTO "events" VALUES('01a21559dd457755a582ae7d607f89fb','01a21559dd4272ee8384708b1f70efd4','alert.opened','{"id":"01a21559-dd45-7755-a582-ae7d607f89fb","type":"alert.opened","created_at":"2026-11-26T00:55:40.608595Z","alert":{"id":"01a21559-dd42-72ee-8384-708b1f70efd4","store":"Ulm","bay":"Gr\u00f6\u00dfe \u201eL\u201c","kind":"fill_rate","status":"open","value":0.5,"threshold":0.6,"since":"2026-03-01T12:02:00.000000Z","opened_at":"2026-11-26T00:55:40.608595Z","acknowledged_at":null,"resolved_at":null,"audit_id":"01a21559-dd22-740c-ac4f-d50895f21d62","box":null}}','2026-11-26 00:55:40.608595');
CREATE TABLE feedback (
	id CHAR(32) NOT NULL, 
	alert_id CHAR(32) NOT NULL, 
	verdict VARCHAR(20) NOT NULL, 
	note VARCHAR(2000), 
	created_at DATETIME NOT NULL, who VARCHAR(200), 
	CONSTRAINT pk_feedback PRIMARY KEY (id), 
	CONSTRAINT fk_feedback_alert_id FOREIGN KEY(alert_id) REFERENCES alerts (id)
);
INSERT INTO "feedback" VALUES('01a21559dd5674f788f132ef220745f7','01a21559dd4272ee8384708b1f70efd4','restocked','full again','2026-11-26 00:55:40.624062','Ada');
CREATE TABLE findings (
	audit_id CHAR(32) NOT NULL, 
	detections JSON NOT NULL, 
	report JSON NOT NULL, 
	CONSTRAINT pk_findings PRIMARY KEY (audit_id), 
	CONSTRAINT fk_findings_audit_id FOREIGN KEY(audit_id) REFERENCES audits (id) ON DELETE CASCADE
);
INSERT INTO "findings" VALUES('01a21559dd0273988620fa31d3de6400','[{"label":"product","class_id":0,"confidence":0.9,"box":[1.0,2.0,3.0,4.0]}]','{"facings":1,"fill_rate":0.5,"rows":[],"gaps":[]}');
INSERT INTO "findings" VALUES('01a21559dd15752489b74b03bb91b528','[{"label":"product","class_id":0,"confidence":0.9,"box":[1.0,2.0,3.0,4.0]}]','{"facings":1,"fill_rate":0.5,"rows":[],"gaps":[]}');
INSERT INTO "findings" VALUES('01a21559dd22740cac4fd50895f21d62','[{"label":"product","class_id":0,"confidence":0.9,"box":[1.0,2.0,3.0,4.0]}]','{"facings":1,"fill_rate":0.5,"rows":[],"gaps":[]}');
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
INSERT INTO "stores" VALUES('01a21559dcff74d78a39a618d47368d9','Berlin 1','2026-11-26 00:55:40.500776');
INSERT INTO "stores" VALUES('01a21559dd2176fd9e0510a697c28b85','Ulm','2026-11-26 00:55:40.572635');
CREATE TABLE webhooks (
	id CHAR(32) NOT NULL, 
	url VARCHAR(2000) NOT NULL, 
	secret VARCHAR(200) NOT NULL, 
	enabled BOOLEAN NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_webhooks PRIMARY KEY (id)
);
INSERT INTO "webhooks" VALUES('01a21559dd3c727f9d8ca60551549598','https://hooks.example/shelves','8c67203f0a538e452c4f28d4e2762b4acc2a75f361432b56fb5f29d3a27326c1',1,'2026-11-26 00:55:40.604662');
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
