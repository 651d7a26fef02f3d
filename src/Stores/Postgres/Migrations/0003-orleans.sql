-- Orleans' own tables (ops/cluster/sql) in a schema of their own; its scripts name none.
CREATE SCHEMA orleans;
SET LOCAL search_path TO orleans;
