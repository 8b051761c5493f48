-- What images look like, in so few numbers that each can be compared with each.
CREATE TABLE fingerprints (
  image_id INTEGER PRIMARY KEY REFERENCES images (id) ON DELETE CASCADE,
  -- The content that it is of; the image may have changed since.
  content_hash BLOB NOT NULL CHECK (length(content_hash) = 32),
  hash BLOB NOT NULL CHECK (length(hash) = 8),
  signature BLOB NOT NULL,
  sharpness REAL NOT NULL
) STRICT;

-- When the images of a collection were last compared with each other.
CREATE TABLE comparisons (
  collection_id INTEGER PRIMARY KEY REFERENCES collections (id) ON DELETE CASCADE,
  job_id INTEGER REFERENCES jobs (id) ON DELETE SET NULL,
  compared_count INTEGER NOT NULL DEFAULT 0,
  -- Images that could not be read.
  skipped_count INTEGER NOT NULL DEFAULT 0,
  same_count INTEGER NOT NULL DEFAULT 0,
  similar_count INTEGER NOT NULL DEFAULT 0,
  finished_at_ms INTEGER
) STRICT;
CREATE INDEX comparisons_by_job ON comparisons (job_id) WHERE job_id IS NOT NULL;

-- Groups of images that look alike, each with the best one at place 0.
CREATE TABLE look_alikes (
  collection_id INTEGER NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
  grade TEXT NOT NULL CHECK (grade IN ('same', 'similar')),
  group_number INTEGER NOT NULL,
  place INTEGER NOT NULL,
  image_id INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
  PRIMARY KEY (collection_id, grade, group_number, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX look_alikes_by_image ON look_alikes (image_id);

-- Images are hidden in steps, each of which can be undone. Nothing is ever deleted.
CREATE TABLE hide_steps (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  created_at_ms INTEGER NOT NULL
) STRICT;

-- The step that hid an image from pretraining and datasets; NULL for one that is not hidden.
ALTER TABLE images ADD COLUMN hidden_by INTEGER;
CREATE INDEX images_hidden ON images (collection_id, hidden_by) WHERE hidden_by IS NOT NULL;
