-- Secrets of the cluster, as envelopes: what wraps the data keys is on the silos and never here.
CREATE TABLE ppec.secrets(
  name     text COLLATE "C" NOT NULL,
  version  integer          NOT NULL CHECK (version > 0),
  data_key bytea,
  value    bytea,
  PRIMARY KEY (name, version),
  CHECK ((data_key IS NULL) = (value IS NULL))
);
CREATE TABLE ppec.secrets_proof(
  one      boolean PRIMARY KEY DEFAULT true CHECK (one),
  envelope bytea   NOT NULL
);
