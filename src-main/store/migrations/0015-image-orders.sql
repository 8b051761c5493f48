-- The newest and the largest images of a collection first, without sorting all of them.
CREATE INDEX images_by_time ON images (collection_id, status, mtime_ms, id);
CREATE INDEX images_by_size ON images (collection_id, status, size_bytes, id);
