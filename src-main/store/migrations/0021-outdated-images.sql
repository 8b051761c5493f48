-- How a collection differs from what was segmented of it, kept instead of compared: of a segmentation's images, those that are
-- there with other content, and those that are not there. New ones are all that are there less the others.
ALTER TABLE segmentations ADD COLUMN changed_images INTEGER NOT NULL DEFAULT 0;
ALTER TABLE segmentations ADD COLUMN missing_images INTEGER NOT NULL DEFAULT 0;

UPDATE segmentations SET (changed_images, missing_images) =
  (SELECT ifnull(sum(i.status IN ('ok', 'changed') AND i.content_hash <> d.content_hash), 0),
     ifnull(sum(i.status NOT IN ('ok', 'changed')), 0)
   FROM segmented_images d JOIN images i ON i.id = d.image_id WHERE d.segmentation_id = segmentations.id);

CREATE TRIGGER segmented_images_compared_in AFTER INSERT ON segmented_images BEGIN
  UPDATE segmentations SET (changed_images, missing_images) =
    (SELECT changed_images + (i.status IN ('ok', 'changed') AND i.content_hash <> new.content_hash),
       missing_images + (i.status NOT IN ('ok', 'changed'))
     FROM images i WHERE i.id = new.image_id)
  WHERE id = new.segmentation_id;
END;

CREATE TRIGGER segmented_images_compared_out BEFORE DELETE ON segmented_images
WHEN EXISTS (SELECT 1 FROM images WHERE id = old.image_id) BEGIN
  UPDATE segmentations SET (changed_images, missing_images) =
    (SELECT changed_images - (i.status IN ('ok', 'changed') AND i.content_hash <> old.content_hash),
       missing_images - (i.status NOT IN ('ok', 'changed'))
     FROM images i WHERE i.id = old.image_id)
  WHERE id = old.segmentation_id;
END;

CREATE TRIGGER images_compared AFTER UPDATE OF status, content_hash ON images
WHEN old.status <> new.status OR old.content_hash IS NOT new.content_hash BEGIN
  UPDATE segmentations SET (changed_images, missing_images) =
    (SELECT changed_images
         - (old.status IN ('ok', 'changed') AND old.content_hash <> d.content_hash)
         + (new.status IN ('ok', 'changed') AND new.content_hash <> d.content_hash),
       missing_images - (old.status NOT IN ('ok', 'changed')) + (new.status NOT IN ('ok', 'changed'))
     FROM segmented_images d WHERE d.segmentation_id = segmentations.id AND d.image_id = new.id)
  WHERE id IN (SELECT segmentation_id FROM segmented_images WHERE image_id = new.id);
END;

-- What is deleted with its image is compared while that is still there.
CREATE TRIGGER images_compared_out BEFORE DELETE ON images BEGIN
  DELETE FROM segmented_images WHERE image_id = old.id;
END;
