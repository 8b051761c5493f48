-- Which mask is in front where masks overlap: the one of the higher order; of the same order, the smaller one.
ALTER TABLE masks ADD COLUMN stack_order INTEGER NOT NULL DEFAULT 0;
ALTER TABLE dataset_masks ADD COLUMN stack_order INTEGER NOT NULL DEFAULT 0;

DROP TRIGGER masks_redrawn;
CREATE TRIGGER masks_redrawn AFTER UPDATE OF review, concept_id, revision, stack_order ON masks WHEN new.level = 0 BEGIN
  UPDATE segmented_images SET revision = revision + 1
  WHERE segmentation_id = new.segmentation_id AND image_id = new.image_id;
END;
