-- The folder of a collection may be moved, and what was frozen from it follows: where its files are is no part of a version.
DROP TRIGGER frozen_images_kept;
CREATE TRIGGER frozen_images_kept BEFORE UPDATE ON dataset_images
WHEN EXISTS (SELECT 1 FROM dataset_versions WHERE id IN (old.version_id, new.version_id) AND state = 'frozen')
  AND (old.id, old.version_id, old.rel_path, ifnull(old.path_bytes, ''), old.content_hash, old.size_bytes, old.mtime_ms,
       old.width_px, old.height_px, old.orientation, old.split)
    <> (new.id, new.version_id, new.rel_path, ifnull(new.path_bytes, ''), new.content_hash, new.size_bytes, new.mtime_ms,
       new.width_px, new.height_px, new.orientation, new.split) BEGIN
  SELECT raise(ABORT, 'a frozen dataset version never changes');
END;
