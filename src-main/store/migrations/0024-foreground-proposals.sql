-- New foregrounds that a person's corrections suggest for the images that nobody has worked on, until they are applied or
-- thrown away.
CREATE TABLE foreground_proposals (
  segmentation_id INTEGER PRIMARY KEY REFERENCES segmentations (id) ON DELETE CASCADE,
  job_id INTEGER REFERENCES jobs (id) ON DELETE SET NULL,
  -- What the corrections say of a head that was learned from them; NULL until it has been.
  verdict TEXT CHECK (verdict IS NULL OR json_valid(verdict)),
  -- Images that were cut again.
  cut_count INTEGER NOT NULL DEFAULT 0,
  -- NULL until all of them were.
  finished_at_ms INTEGER
) STRICT;
CREATE INDEX foreground_proposals_by_job ON foreground_proposals (job_id) WHERE job_id IS NOT NULL;

CREATE TABLE proposed_foregrounds (
  segmentation_id INTEGER NOT NULL,
  image_id INTEGER NOT NULL,
  -- IoU of the present and the proposed foreground.
  likeness REAL NOT NULL CHECK (likeness BETWEEN 0 AND 1),
  -- The objects that it was compared with: their ids, in order.
  present TEXT NOT NULL,
  PRIMARY KEY (segmentation_id, image_id),
  FOREIGN KEY (segmentation_id, image_id)
    REFERENCES segmented_images (segmentation_id, image_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX proposed_foregrounds_by_likeness ON proposed_foregrounds (segmentation_id, likeness, image_id);

CREATE TABLE proposed_objects (
  id INTEGER PRIMARY KEY,
  segmentation_id INTEGER NOT NULL,
  image_id INTEGER NOT NULL,
  -- The number of its concept; NULL if it has none.
  concept INTEGER,
  x INTEGER NOT NULL,
  y INTEGER NOT NULL,
  width INTEGER NOT NULL,
  height INTEGER NOT NULL,
  area_px INTEGER NOT NULL,
  score REAL NOT NULL,
  grid_width INTEGER NOT NULL,
  grid_height INTEGER NOT NULL,
  rle BLOB NOT NULL,
  FOREIGN KEY (segmentation_id, image_id)
    REFERENCES proposed_foregrounds (segmentation_id, image_id) ON DELETE CASCADE
) STRICT;
CREATE INDEX proposed_objects_by_image ON proposed_objects (segmentation_id, image_id);
