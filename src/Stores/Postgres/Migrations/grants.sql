-- What the application's role may do, said anew after every migration. It may read and add events, and neither alter nor remove one.
REVOKE ALL ON ALL TABLES IN SCHEMA ppec FROM "application";
REVOKE ALL ON SCHEMA ppec FROM "application";
GRANT USAGE ON SCHEMA ppec TO "application";
GRANT SELECT ON ppec.migrations TO "application";
GRANT SELECT, INSERT ON ppec.events TO "application";
GRANT SELECT, UPDATE (position) ON ppec.head TO "application";
GRANT SELECT, INSERT ON ppec.secrets, ppec.secrets_proof TO "application";
GRANT UPDATE (data_key, value) ON ppec.secrets TO "application";

-- What Orleans keeps of the cluster is its own to change.
REVOKE ALL ON ALL TABLES IN SCHEMA orleans FROM "application";
REVOKE ALL ON SCHEMA orleans FROM "application";
GRANT USAGE ON SCHEMA orleans TO "application";
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA orleans TO "application";
REVOKE INSERT, UPDATE, DELETE ON orleans.orleansquery FROM "application";
