BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0003');
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
INSERT INTO "alerts" VALUES('01a2171193a074a7a19699cf6154a5f4','01a21711938d748d99aba5aebb63241b','fill_rate','open',0.6,0.5,'2026-03-01 12:02:00.000000','01a21711938e771abd2fdb9624965f82','2026-11-26 08:55:57.599128',NULL,NULL,'01a21711938e771abd2fdb9624965f82','[10.0,2.0,30.0,20.0]');
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
INSERT INTO "audits" VALUES('01a21711937b73e99eb57bb1d4c04f01','01a21711937975389172986d9a1637d9','01a21711937a7698b0772f2b75525096','2026-03-01 12:00:00.000000','2026-11-26 08:55:57.540554',NULL,'key 0','two doors open','d3cccafb382b9c9df93b492036e1867bd275c65b1f87ab84a114e494b1ab642f',48,64,'{"name":"accurate","version":"1.2.0","precision":"int8"}',1,1,0.5,1);
INSERT INTO "audits" VALUES('01a2171193887314bbe239fe34f899ea','01a21711937975389172986d9a1637d9','01a21711937a7698b0772f2b75525096','2026-03-01 12:01:00.000000','2026-11-26 08:55:57.573331','2026-11-26 08:55:57.585124','key 1',NULL,'d3cccafb382b9c9df93b492036e1867bd275c65b1f87ab84a114e494b1ab642f',48,64,'{"name":"accurate","version":"1.2.0","precision":"int8"}',1,1,0.5,1);
INSERT INTO "audits" VALUES('01a21711938e771abd2fdb9624965f82','01a21711938d748d99aba5ae217b507f','01a21711938d748d99aba5aebb63241b','2026-03-01 12:02:00.000000','2026-11-26 08:55:57.580059',NULL,'key 2',NULL,'d3cccafb382b9c9df93b492036e1867bd275c65b1f87ab84a114e494b1ab642f',48,64,'{"name":"accurate","version":"1.2.0","precision":"int8"}',1,1,0.5,1);
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
	latest_gaps INTEGER, latest_places JSON, 
	CONSTRAINT pk_bays PRIMARY KEY (id), 
	CONSTRAINT fk_bays_store_id FOREIGN KEY(store_id) REFERENCES stores (id), 
	CONSTRAINT uq_bays_store_id_name UNIQUE (store_id, name)
);
INSERT INTO "bays" VALUES('01a21711937a7698b0772f2b75525096','01a21711937975389172986d9a1637d9','Cereal','2026-11-26 08:55:57.540554',12,0.6,8,3,2,'01a21711937b73e99eb57bb1d4c04f01','2026-03-01 12:00:00.000000',1,0.5,1,'[{"row":0,"box":[10.0,2.0,30.0,20.0],"share":[0.20833,0.03125,0.625,0.3125],"width_facings":1.6,"severity":"major","since":"2026-03-01T12:00:00.000000Z"}]');
INSERT INTO "bays" VALUES('01a21711938d748d99aba5aebb63241b','01a21711938d748d99aba5ae217b507f','Größe „L“','2026-11-26 08:55:57.580059',NULL,0.6,NULL,NULL,1,'01a21711938e771abd2fdb9624965f82','2026-03-01 12:02:00.000000',1,0.5,1,'[{"row":0,"box":[10.0,2.0,30.0,20.0],"share":[0.20833,0.03125,0.625,0.3125],"width_facings":1.6,"severity":"major","since":"2026-03-01T12:02:00.000000Z"}]');
CREATE TABLE corrections (
	id CHAR(32) NOT NULL, 
	audit_id CHAR(32) NOT NULL, 
	number INTEGER NOT NULL, 
	base CHAR(32), 
	created_at DATETIME NOT NULL, 
	who VARCHAR(200) NOT NULL, 
	note VARCHAR(2000), 
	count INTEGER NOT NULL, 
	changes JSON NOT NULL, 
	detections JSON NOT NULL, 
	CONSTRAINT pk_corrections PRIMARY KEY (id), 
	CONSTRAINT fk_corrections_audit_id FOREIGN KEY(audit_id) REFERENCES audits (id) ON DELETE CASCADE, 
	CONSTRAINT uq_corrections_audit_id_number UNIQUE (audit_id, number)
);
INSERT INTO "corrections" VALUES('01a2171193ac75e8adfb983b890aaaf3','01a21711938e771abd2fdb9624965f82',1,NULL,'2026-11-26 08:55:57.612314','Bo',NULL,1,'{"added":0,"removed":0,"moved":1,"relabelled":0}','[{"box":[2.0,3.0,5.0,9.0],"label":"product","source":0}]');
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
INSERT INTO "deliveries" VALUES('01a2171193a5735d915831647e4eb5b5','01a2171193a3756d833c0c8834ad0350','01a21711939c70d7a9dc9bd7ff2b4173',0,'2026-11-26 08:55:57.599128',NULL,NULL);
CREATE TABLE events (
	id CHAR(32) NOT NULL, 
	alert_id CHAR(32) NOT NULL, 
	kind VARCHAR(40) NOT NULL, 
	body JSON NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_events PRIMARY KEY (id), 
	CONSTRAINT fk_events_alert_id FOREIGN KEY(alert_id) REFERENCES alerts (id)
);
INSERT INTO "events" VALUES('01a2171193a3756d833c0c8834ad0350','01a2171193a074a7a19699cf6154a5f4','alert.opened','{"id":"01a21711-93a3-756d-833c-0c8834ad0350","type":"alert.opened","created_at":"2026-11-26T08:55:57.599128Z","alert":{"id":"01a21711-93a0-74a7-a196-99cf6154a5f4","store":"Ulm","bay":"Gr\u00f6\u00dfe \u201eL\u201c","kind":"fill_rate","status":"open","value":0.5,"threshold":0.6,"since":"2026-03-01T12:02:00.000000Z","opened_at":"2026-11-26T08:55:57.599128Z","acknowledged_at":null,"resolved_at":null,"audit_id":"01a21711-938e-771a-bd2f-db9624965f82","box":[10.0,2.0,30.0,20.0]}}','2026-11-26 08:55:57.599128');
CREATE TABLE feedback (
	id CHAR(32) NOT NULL, 
	alert_id CHAR(32) NOT NULL, 
	verdict VARCHAR(20) NOT NULL, 
	note VARCHAR(2000), 
	created_at DATETIME NOT NULL, who VARCHAR(200), 
	CONSTRAINT pk_feedback PRIMARY KEY (id), 
	CONSTRAINT fk_feedback_alert_id FOREIGN KEY(alert_id) REFERENCES alerts (id)
);
INSERT INTO "feedback" VALUES('01a2171193a977c3845520ea9bf30442','01a2171193a074a7a19699cf6154a5f4','restocked','full again','2026-11-26 08:55:57.607437','Ada');
CREATE TABLE findings (
	audit_id CHAR(32) NOT NULL, 
	detections JSON NOT NULL, 
	report JSON NOT NULL, 
	CONSTRAINT pk_findings PRIMARY KEY (audit_id), 
	CONSTRAINT fk_findings_audit_id FOREIGN KEY(audit_id) REFERENCES audits (id) ON DELETE CASCADE
);
INSERT INTO "findings" VALUES('01a21711937b73e99eb57bb1d4c04f01','[{"label":"product","class_id":0,"confidence":0.9,"box":[1.0,2.0,3.0,4.0]}]','{"facings":1,"fill_rate":0.5,"rows":[],"gaps":[{"row":0,"box":[10.0,2.0,30.0,20.0],"width_facings":1.6,"severity":"major"}]}');
INSERT INTO "findings" VALUES('01a2171193887314bbe239fe34f899ea','[{"label":"product","class_id":0,"confidence":0.9,"box":[1.0,2.0,3.0,4.0]}]','{"facings":1,"fill_rate":0.5,"rows":[],"gaps":[{"row":0,"box":[10.0,2.0,30.0,20.0],"width_facings":1.6,"severity":"major"}]}');
INSERT INTO "findings" VALUES('01a21711938e771abd2fdb9624965f82','[{"label":"product","class_id":0,"confidence":0.9,"box":[1.0,2.0,3.0,4.0]}]','{"facings":1,"fill_rate":0.5,"rows":[],"gaps":[{"row":0,"box":[10.0,2.0,30.0,20.0],"width_facings":1.6,"severity":"major"}]}');
CREATE TABLE gap_verdicts (
	id CHAR(32) NOT NULL, 
	bay_id CHAR(32) NOT NULL, 
	audit_id CHAR(32) NOT NULL, 
	gap INTEGER NOT NULL, 
	box JSON NOT NULL, 
	verdict VARCHAR(20) NOT NULL, 
	who VARCHAR(200), 
	note VARCHAR(2000), 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_gap_verdicts PRIMARY KEY (id), 
	CONSTRAINT fk_gap_verdicts_bay_id FOREIGN KEY(bay_id) REFERENCES bays (id)
);
INSERT INTO "gap_verdicts" VALUES('01a2171193ae7304868dd55a8b72c69f','01a21711938d748d99aba5aebb63241b','01a21711938e771abd2fdb9624965f82',0,'[0.20833,0.03125,0.625,0.3125]','false_alarm','Bo','a column','2026-11-26 08:55:57.614791');
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
INSERT INTO "stores" VALUES('01a21711937975389172986d9a1637d9','Berlin 1','2026-11-26 08:55:57.540554');
INSERT INTO "stores" VALUES('01a21711938d748d99aba5ae217b507f','Ulm','2026-11-26 08:55:57.580059');
CREATE TABLE webhooks (
	id CHAR(32) NOT NULL, 
	url VARCHAR(2000) NOT NULL, 
	secret VARCHAR(200) NOT NULL, 
	enabled BOOLEAN NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_webhooks PRIMARY KEY (id)
);
INSERT INTO "webhooks" VALUES('01a21711939c70d7a9dc9bd7ff2b4173','https://hooks.example/shelves','7284b0e14bdccc78bf279554507f7c0d403a52956bf3ddff9294d2d05c20d524',1,'2026-11-26 08:55:57.596285');
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
CREATE INDEX ix_gap_verdicts_bay_id ON gap_verdicts (bay_id);
CREATE INDEX ix_gap_verdicts_gap ON gap_verdicts (audit_id, gap, id);
COMMIT;
