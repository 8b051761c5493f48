-- When anything about a file was last changed (its ctime): content can be replaced under the same size and the same
-- time of modification. NULL where no scan has seen it yet.
ALTER TABLE images ADD COLUMN change_time_ms REAL;

-- Images that a segmentation could not read when it came to them: they are still to be done.
CREATE TABLE unread_images (
  segmentation_id INTEGER NOT NULL REFERENCES segmentations (id) ON DELETE CASCADE,
  image_id INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
  -- The reason, as a sentence.
  detail TEXT NOT NULL,
  PRIMARY KEY (segmentation_id, image_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX unread_by_image ON unread_images (image_id);

-- Whether a segmentation was made with a model. Without it, it must not go on as if it had none.
ALTER TABLE segmentations ADD COLUMN has_model INTEGER NOT NULL DEFAULT 0 CHECK (has_model IN (0, 1));
UPDATE segmentations SET has_model = model_id IS NOT NULL;
