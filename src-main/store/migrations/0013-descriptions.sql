-- Whether the images and masks of a segmentation have been described by vectors, so that they can be compared. The vectors
-- themselves are in a file. NULL in finished_at_ms until that has been done once.
CREATE TABLE descriptions (
  segmentation_id INTEGER PRIMARY KEY REFERENCES segmentations (id) ON DELETE CASCADE,
  job_id INTEGER REFERENCES jobs (id) ON DELETE SET NULL,
  mask_count INTEGER NOT NULL DEFAULT 0,
  image_count INTEGER NOT NULL DEFAULT 0,
  -- Images that could not be read.
  skipped_count INTEGER NOT NULL DEFAULT 0,
  -- Masks that came, went or changed their shape since they were described.
  changed_count INTEGER NOT NULL DEFAULT 0,
  finished_at_ms INTEGER
) STRICT;
CREATE INDEX descriptions_by_job ON descriptions (job_id) WHERE job_id IS NOT NULL;

CREATE TRIGGER descriptions_outdated_in AFTER INSERT ON masks BEGIN
  UPDATE descriptions SET changed_count = changed_count + 1 WHERE segmentation_id = new.segmentation_id;
END;
CREATE TRIGGER descriptions_outdated_out AFTER DELETE ON masks BEGIN
  UPDATE descriptions SET changed_count = changed_count + 1 WHERE segmentation_id = old.segmentation_id;
END;
CREATE TRIGGER descriptions_outdated AFTER UPDATE OF revision ON masks WHEN old.revision <> new.revision BEGIN
  UPDATE descriptions SET changed_count = changed_count + 1 WHERE segmentation_id = new.segmentation_id;
END;
