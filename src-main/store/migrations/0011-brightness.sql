-- Which sample values of a collection's images with more than 8 bits are black and white: measured, all that the samples
-- can hold, or chosen. Collections that already have such images keep showing them as before.
ALTER TABLE collections ADD COLUMN brightness TEXT NOT NULL DEFAULT 'automatic'
  CHECK (brightness IN ('automatic', 'full', 'range'));
ALTER TABLE collections ADD COLUMN brightness_from REAL CHECK (brightness <> 'range' OR brightness_from IS NOT NULL);
ALTER TABLE collections ADD COLUMN brightness_to REAL CHECK (brightness <> 'range' OR brightness_to > brightness_from);
UPDATE collections SET brightness = 'full' WHERE id IN (SELECT collection_id FROM images WHERE bit_depth > 8);

-- What was measured for each kind of sample (file format and type), and is kept so that pictures stay the same.
CREATE TABLE brightness_ranges (
  collection_id INTEGER NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  level_from REAL NOT NULL,
  level_to REAL NOT NULL CHECK (level_to > level_from),
  PRIMARY KEY (collection_id, kind)
) STRICT, WITHOUT ROWID;
