-- What people did to masks, image by image: each step can be taken back and done again, also after a restart.

-- Grows whenever the objects of an image look different, so that drawings of them can be cached for good.
ALTER TABLE segmented_images ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;

CREATE TRIGGER masks_redrawn_in AFTER INSERT ON masks WHEN new.level = 0 BEGIN
  UPDATE segmented_images SET revision = revision + 1
  WHERE segmentation_id = new.segmentation_id AND image_id = new.image_id;
END;
CREATE TRIGGER masks_redrawn_out AFTER DELETE ON masks WHEN old.level = 0 BEGIN
  UPDATE segmented_images SET revision = revision + 1
  WHERE segmentation_id = old.segmentation_id AND image_id = old.image_id;
END;
CREATE TRIGGER masks_redrawn AFTER UPDATE OF review, concept_id, revision ON masks WHEN new.level = 0 BEGIN
  UPDATE segmented_images SET revision = revision + 1
  WHERE segmentation_id = new.segmentation_id AND image_id = new.image_id;
END;

-- One step on one image. Those that were undone are the newest ones of their image; the next new step drops them.
CREATE TABLE mask_edits (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  segmentation_id INTEGER NOT NULL,
  image_id INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('create', 'reshape', 'merge', 'split', 'remove', 'review', 'concept')),
  -- The first step of those that were made at once, on one or many images.
  batch INTEGER NOT NULL,
  is_undone INTEGER NOT NULL DEFAULT 0 CHECK (is_undone IN (0, 1)),
  created_at_ms INTEGER NOT NULL,
  FOREIGN KEY (segmentation_id, image_id)
    REFERENCES segmented_images (segmentation_id, image_id) ON DELETE CASCADE
) STRICT;

CREATE INDEX mask_edits_by_image ON mask_edits (segmentation_id, image_id, is_undone, id);
CREATE INDEX mask_edits_by_batch ON mask_edits (batch, id);

-- The masks that a step touched, before and after it; a mask that it made has no row before, one that it removed
-- none after. Masks and concepts are named without a foreign key: a removed mask is still known here, and concepts
-- go with their whole segmentation alone.
CREATE TABLE mask_edit_states (
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
  -- The concept that a removed mask stood for.
  exemplar_of INTEGER,
  exemplar_rank INTEGER,
  CHECK ((rle IS NULL) = (grid_width IS NULL) AND (rle IS NULL) = (grid_height IS NULL)),
  CHECK ((exemplar_of IS NULL) = (exemplar_rank IS NULL)),
  UNIQUE (edit_id, mask_id, is_after)
) STRICT;

CREATE INDEX mask_edit_states_by_mask ON mask_edit_states (mask_id, revision);
