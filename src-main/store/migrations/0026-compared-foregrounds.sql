-- The job that proposes new foregrounds resumes with the first image that it has not compared yet.
CREATE TABLE compared_foregrounds (
  segmentation_id INTEGER NOT NULL,
  image_id INTEGER NOT NULL,
  -- The objects that were compared, as in proposed_foregrounds: of others it is not known whether they would change.
  present TEXT NOT NULL,
  PRIMARY KEY (segmentation_id, image_id),
  FOREIGN KEY (segmentation_id, image_id)
    REFERENCES segmented_images (segmentation_id, image_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
