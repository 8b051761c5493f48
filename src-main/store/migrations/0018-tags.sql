-- Words that a person has given images, to find them by.
CREATE TABLE image_tags (
  tag TEXT NOT NULL CHECK (tag <> ''),
  image_id INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
  PRIMARY KEY (tag, image_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX image_tags_by_image ON image_tags (image_id, tag);
