-- What a person is asked about next, in rounds, and what was learned from the rounds before.
CREATE TABLE review_queue (
  segmentation_id INTEGER NOT NULL REFERENCES segmentations (id) ON DELETE CASCADE,
  round INTEGER NOT NULL,
  place INTEGER NOT NULL,
  -- Not a reference: an object that a person has deleted was not accepted.
  mask_id INTEGER NOT NULL,
  -- The shape that was asked about.
  revision INTEGER NOT NULL,
  score REAL NOT NULL,
  -- Chosen because its review brings most, or drawn at random; `spent`: drawn at random, and no longer like those that are left.
  kind TEXT NOT NULL CHECK (kind IN ('gain', 'audit', 'spent')),
  -- That it will be accepted, as far as that could be foreseen.
  chance REAL NOT NULL CHECK (chance BETWEEN 0 AND 1),
  PRIMARY KEY (segmentation_id, round, place)
) STRICT, WITHOUT ROWID;

-- After a round: how many of the objects that were not reviewed then would be accepted.
CREATE TABLE review_estimates (
  segmentation_id INTEGER NOT NULL REFERENCES segmentations (id) ON DELETE CASCADE,
  round INTEGER NOT NULL,
  pending INTEGER NOT NULL,
  audits INTEGER NOT NULL,
  share REAL NOT NULL,
  low REAL NOT NULL,
  high REAL NOT NULL,
  PRIMARY KEY (segmentation_id, round)
) STRICT, WITHOUT ROWID;
