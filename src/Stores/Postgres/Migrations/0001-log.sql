-- The log. One row an event; positions count from 1 without a hole, in the order of commits.
CREATE TABLE ppec.events(
  position bigint           PRIMARY KEY CHECK (position > 0),
  stream   text COLLATE "C" NOT NULL,
  version  bigint           NOT NULL CHECK (version >= 0),
  id       uuid             NOT NULL,
  type     text COLLATE "C" NOT NULL,
  data     bytea            NOT NULL,
  metadata bytea            NOT NULL,
  hash     bytea            NOT NULL CHECK (length(hash) = 32),
  CONSTRAINT events_stream UNIQUE (stream, version),
  CONSTRAINT events_id UNIQUE (id)
);

-- Where the log ends. Every append locks this one row first, on whichever node it is, and gives out positions under the lock:
-- it is held until the commit, so positions are committed in their order (a sequence's are not) and no reader sees n+1 before n.
-- A log that is shorter than this row says has lost events. The page is kept almost empty, so that its updates stay in it.
CREATE TABLE ppec.head(
  one      boolean PRIMARY KEY DEFAULT true CHECK (one),
  position bigint  NOT NULL CHECK (position >= 0)
) WITH (fillfactor = 10);
INSERT INTO ppec.head(position) VALUES (0);

-- Against accidents of those who may: the application's role may not in the first place.
CREATE FUNCTION ppec.refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'The event log is only ever appended to.' USING ERRCODE = 'insufficient_privilege'; END $$;
CREATE TRIGGER events_are_forever BEFORE UPDATE OR DELETE OR TRUNCATE ON ppec.events
  FOR EACH STATEMENT EXECUTE FUNCTION ppec.refuse();
