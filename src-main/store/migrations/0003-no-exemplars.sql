-- The masks that stand for a concept are the best of those that nobody rejected, read when they are shown: nothing has
-- ever kept a list of them.
DROP TABLE concept_exemplars;

-- The states of masks as in 0002, without the place in that list. A column that a CHECK names cannot be dropped.
CREATE TABLE mask_edit_states_kept (
  id INTEGER PRIMARY KEY,
  edit_id INTEGER NOT NULL REFERENCES mask_edits (id) ON DELETE CASCADE,
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
ALTER TABLE mask_edit_states_kept RENAME TO mask_edit_states;
CREATE INDEX mask_edit_states_by_mask ON mask_edit_states (mask_id, revision);
