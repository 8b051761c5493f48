-- How light an image is on average (mean CIE lightness, 0 black to 1 white): measured when a scan opens the file. NULL for images
-- that were scanned before it was measured, and after the brightness range of their collection has changed: the next scan opens
-- them. Frozen versions of datasets keep what was measured.
ALTER TABLE images ADD COLUMN brightness REAL CHECK (brightness BETWEEN 0 AND 1);
CREATE INDEX images_by_brightness ON images (collection_id, status, ifnull(brightness, -1), id);
ALTER TABLE dataset_images ADD COLUMN brightness REAL CHECK (brightness BETWEEN 0 AND 1);

DROP TRIGGER frozen_images_kept;
CREATE TRIGGER frozen_images_kept BEFORE UPDATE ON dataset_images
WHEN EXISTS (SELECT 1 FROM dataset_versions WHERE id IN (old.version_id, new.version_id) AND state = 'frozen')
  AND (old.id, old.version_id, old.rel_path, ifnull(old.path_bytes, ''), old.content_hash, old.size_bytes, old.mtime_ms,
       old.width_px, old.height_px, old.orientation, old.split, ifnull(old.brightness, -1))
    <> (new.id, new.version_id, new.rel_path, ifnull(new.path_bytes, ''), new.content_hash, new.size_bytes, new.mtime_ms,
       new.width_px, new.height_px, new.orientation, new.split, ifnull(new.brightness, -1)) BEGIN
  SELECT raise(ABORT, 'a frozen dataset version never changes');
END;
