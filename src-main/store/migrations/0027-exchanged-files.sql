-- The content that a file had until the last scan found another one: where files exchange their names, it is at another path.
ALTER TABLE images ADD COLUMN former_hash BLOB;
CREATE INDEX images_by_former_hash ON images (collection_id, former_hash, id) WHERE former_hash IS NOT NULL;
CREATE INDEX images_missing_by_hash ON images (collection_id, content_hash, id) WHERE status = 'missing';
