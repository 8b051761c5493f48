-- To apply proposed foregrounds is a step that can be undone, like any other. Lists of a CHECK cannot be extended in place: both tables
-- are made again, the states first, because they go with the steps that they refer to.
CREATE TABLE mask_edits_kept (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  segmentation_id INTEGER NOT NULL,
  image_id INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (
    kind IN ('create', 'reshape', 'merge', 'split', 'remove', 'review', 'concept', 'import', 'arrange', 'recut')),
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
  stack_order INTEGER NOT NULL DEFAULT 0,
  -- Only where the step changed the shape.
  grid_width INTEGER,
  grid_height INTEGER,
  rle BLOB,
  CHECK ((rle IS NULL) = (grid_width IS NULL) AND (rle IS NULL) = (grid_height IS NULL)),
  UNIQUE (edit_id, mask_id, is_after)
) STRICT;
INSERT INTO mask_edit_states_kept
  SELECT id, edit_id, mask_id, is_after, concept_id, origin, level, x, y, width, height, area_px, score, review,
    revision, stack_order, grid_width, grid_height, rle
  FROM mask_edit_states;
DROP TABLE mask_edit_states;
DROP TABLE mask_edits;
ALTER TABLE mask_edits_kept RENAME TO mask_edits;
ALTER TABLE mask_edit_states_kept RENAME TO mask_edit_states;
CREATE INDEX mask_edits_by_image ON mask_edits (segmentation_id, image_id, is_undone, id);
CREATE INDEX mask_edits_by_batch ON mask_edits (batch, id);
CREATE INDEX mask_edit_states_by_mask ON mask_edit_states (mask_id, revision);
CREATE INDEX mask_edit_states_by_concept ON mask_edit_states (concept_id) WHERE concept_id IS NOT NULL;
