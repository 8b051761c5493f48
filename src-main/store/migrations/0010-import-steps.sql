-- An import is a step that can be undone, like any other. Lists of a CHECK cannot be extended in place: both tables are
-- made again, the states first, because they go with the steps that they refer to.
CREATE TABLE mask_edits_kept (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  segmentation_id INTEGER NOT NULL,
  image_id INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('create', 'reshape', 'merge', 'split', 'remove', 'review', 'concept', 'import')),
  -- The first step of those that were made at once, on one or many images.
  batch INTEGER NOT NULL,
  is_undone INTEGER NOT NULL DEFAULT 0 CHECK (is_undone IN (0, 1)),
  created_at_ms INTEGER NOT NULL,
  FOREIGN KEY (segmentation_id, image_id)
    REFERENCES segmented_images (segmentation_id, image_id) ON DELETE CASCADE
) STRICT;
INSERT INTO mask_edits_kept SELECT id, segmentation_id, image_id, kind, batch, is_undone, created_at_ms FROM mask_edits;
-- Numbers of steps are never given again, even where the newest have gone.
DELETE FROM sqlite_sequence WHERE name = 'mask_edits_kept';
INSERT INTO sqlite_sequence (name, seq) SELECT 'mask_edits_kept', seq FROM sqlite_sequence WHERE name = 'mask_edits';

CREATE TABLE mask_edit_states_kept (
  id INTEGER PRIMARY KEY,
  edit_id INTEGER NOT NULL REFERENCES mask_edits_kept (id) ON DELETE CASCADE,
  mask_id INTEGER NOT NULL,
  is_after INTEGER NOT NULL CHECK (is_after IN (0, 1)),
  concept_id INTEGER,
  origin TEXT NOT NULL,
  level INTEGER NOT NULL,
  x INTEGER NOT NULL,
  y INTEGER NOT NULL,
  width INTEGER NOT NULL,
  height INTEGER NOT NULL,
  area_px INTEGER NOT NULL,
  score REAL NOT NULL,
  review TEXT NOT NULL,
  -- Names a shape of the mask: the same number is the same shape in every state.
  revision INTEGER NOT NULL,
  -- Only where the step changed the shape.
  grid_width INTEGER,
  grid_height INTEGER,
  rle BLOB,
  CHECK ((rle IS NULL) = (grid_width IS NULL) AND (rle IS NULL) = (grid_height IS NULL)),
  UNIQUE (edit_id, mask_id, is_after)
) STRICT;
INSERT INTO mask_edit_states_kept
  SELECT id, edit_id, mask_id, is_after, concept_id, origin, level, x, y, width, height, area_px, score, review,
    revision, grid_width, grid_height, rle
  FROM mask_edit_states;
DROP TABLE mask_edit_states;
DROP TABLE mask_edits;
ALTER TABLE mask_edits_kept RENAME TO mask_edits;
ALTER TABLE mask_edit_states_kept RENAME TO mask_edit_states;
CREATE INDEX mask_edits_by_image ON mask_edits (segmentation_id, image_id, is_undone, id);
CREATE INDEX mask_edits_by_batch ON mask_edits (batch, id);
CREATE INDEX mask_edit_states_by_mask ON mask_edit_states (mask_id, revision);

-- The steps of an import; NULL where it has changed nothing.
ALTER TABLE mask_imports ADD COLUMN batch INTEGER;

-- What an import, or its preview, makes of each image. An import that is taken up again passes over these.
CREATE TABLE mask_import_images (
  import_id INTEGER NOT NULL REFERENCES mask_imports (id) ON DELETE CASCADE,
  image_id INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
  kept INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  added INTEGER NOT NULL,
  rejected INTEGER NOT NULL,
  skipped INTEGER NOT NULL,
  PRIMARY KEY (import_id, image_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX mask_import_images_by_image ON mask_import_images (image_id);

-- Whether an import made a concept for its masks: then it is shown while it has some.
ALTER TABLE concepts ADD COLUMN is_imported INTEGER NOT NULL DEFAULT 0 CHECK (is_imported IN (0, 1));
