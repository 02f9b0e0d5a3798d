-- name: schema_tables
-- Whether Alembic's version table stands in this database.
SELECT name FROM {tables} AS tables WHERE name = 'alembic_version'

-- name: schema_version
-- The revision that the schema has reached.
SELECT version_num FROM alembic_version

-- name: schema_stamp
-- Records the revision of tables that were made at once.
INSERT INTO alembic_version (version_num) VALUES (:version)
