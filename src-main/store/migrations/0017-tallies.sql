-- What lists and progress show of a whole segmentation, so that nothing counts hundreds of thousands of rows for it.
ALTER TABLE segmentations ADD COLUMN finished_images INTEGER NOT NULL DEFAULT 0;
ALTER TABLE segmentations ADD COLUMN preliminary_images INTEGER NOT NULL DEFAULT 0;
ALTER TABLE segmentations ADD COLUMN pending_masks INTEGER NOT NULL DEFAULT 0;
ALTER TABLE segmentations ADD COLUMN accepted_masks INTEGER NOT NULL DEFAULT 0;
ALTER TABLE segmentations ADD COLUMN rejected_masks INTEGER NOT NULL DEFAULT 0;
ALTER TABLE segmentations ADD COLUMN edited_masks INTEGER NOT NULL DEFAULT 0;
-- Of the concept itself, without those that are merged into it.
ALTER TABLE concepts ADD COLUMN own_masks INTEGER NOT NULL DEFAULT 0;
ALTER TABLE concepts ADD COLUMN own_images INTEGER NOT NULL DEFAULT 0;

UPDATE segmentations SET (finished_images, preliminary_images, pending_masks, accepted_masks, rejected_masks, edited_masks) =
  (SELECT ifnull(sum(is_preliminary = 0), 0), ifnull(sum(is_preliminary = 1), 0), ifnull(sum(pending_count), 0),
     ifnull(sum(accepted_count), 0), ifnull(sum(rejected_count), 0), ifnull(sum(edited_count), 0)
   FROM segmented_images WHERE segmentation_id = segmentations.id);
UPDATE concepts SET (own_masks, own_images) =
  (SELECT ifnull(sum(mask_count), 0), count(*) FROM concept_images WHERE concept_id = concepts.id);

CREATE TRIGGER segmented_images_tallied_in AFTER INSERT ON segmented_images BEGIN
  UPDATE segmentations SET
    finished_images = finished_images + (new.is_preliminary = 0),
    preliminary_images = preliminary_images + (new.is_preliminary = 1),
    pending_masks = pending_masks + new.pending_count,
    accepted_masks = accepted_masks + new.accepted_count,
    rejected_masks = rejected_masks + new.rejected_count,
    edited_masks = edited_masks + new.edited_count
  WHERE id = new.segmentation_id;
END;

CREATE TRIGGER segmented_images_tallied_out AFTER DELETE ON segmented_images BEGIN
  UPDATE segmentations SET
    finished_images = finished_images - (old.is_preliminary = 0),
    preliminary_images = preliminary_images - (old.is_preliminary = 1),
    pending_masks = pending_masks - old.pending_count,
    accepted_masks = accepted_masks - old.accepted_count,
    rejected_masks = rejected_masks - old.rejected_count,
    edited_masks = edited_masks - old.edited_count
  WHERE id = old.segmentation_id;
END;

CREATE TRIGGER segmented_images_tallied
AFTER UPDATE OF is_preliminary, pending_count, accepted_count, rejected_count, edited_count ON segmented_images BEGIN
  UPDATE segmentations SET
    finished_images = finished_images + (new.is_preliminary = 0) - (old.is_preliminary = 0),
    preliminary_images = preliminary_images + (new.is_preliminary = 1) - (old.is_preliminary = 1),
    pending_masks = pending_masks + new.pending_count - old.pending_count,
    accepted_masks = accepted_masks + new.accepted_count - old.accepted_count,
    rejected_masks = rejected_masks + new.rejected_count - old.rejected_count,
    edited_masks = edited_masks + new.edited_count - old.edited_count
  WHERE id = new.segmentation_id;
END;

CREATE TRIGGER concept_images_tallied_in AFTER INSERT ON concept_images BEGIN
  UPDATE concepts SET own_masks = own_masks + new.mask_count, own_images = own_images + 1 WHERE id = new.concept_id;
END;

CREATE TRIGGER concept_images_tallied_out AFTER DELETE ON concept_images BEGIN
  UPDATE concepts SET own_masks = own_masks - old.mask_count, own_images = own_images - 1 WHERE id = old.concept_id;
END;

CREATE TRIGGER concept_images_tallied AFTER UPDATE OF mask_count ON concept_images BEGIN
  UPDATE concepts SET own_masks = own_masks + new.mask_count - old.mask_count WHERE id = new.concept_id;
END;
