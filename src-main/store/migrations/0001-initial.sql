-- The whole schema of R2O Studio.
--
-- Ownership: removing a collection removes its images, segmentations and masks. It never touches a dataset
-- version: those hold copies of all they need, and triggers keep them as they were frozen.

-- Folders that a person added. The counters are kept by triggers on images: counting 100,000 rows for each
-- line of the library would make its list slow.
CREATE TABLE collections (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL CHECK (length(name) > 0),
  root_path TEXT NOT NULL UNIQUE,
  created_at_ms INTEGER NOT NULL,
  last_scan_at_ms INTEGER,
  ok_count INTEGER NOT NULL DEFAULT 0,
  changed_count INTEGER NOT NULL DEFAULT 0,
  missing_count INTEGER NOT NULL DEFAULT 0,
  problem_count INTEGER NOT NULL DEFAULT 0,
  -- Usable images less the number of different contents among them.
  duplicate_count INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Every image file met in a folder, usable or not: one row a file, so that nothing is skipped in silence.
CREATE TABLE images (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  collection_id INTEGER NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
  -- Shown to people. path_bytes holds the exact name where it is not valid UTF-8, and is NULL otherwise.
  rel_path TEXT NOT NULL,
  path_bytes BLOB,
  status TEXT NOT NULL CHECK (status IN ('ok', 'changed', 'missing', 'problem')),
  size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),
  mtime_ms REAL NOT NULL,
  -- The scan job that saw the file last. No foreign key: jobs are cleared away, images are not.
  seen_by_scan INTEGER NOT NULL,
  -- Facts of the last time the file could be read. A problem or an absence keeps them: what was made from the
  -- image belongs to that content, and a file that comes back is compared with it.
  content_hash BLOB CHECK (length(content_hash) = 32),
  format TEXT,
  width_px INTEGER CHECK (width_px > 0),
  height_px INTEGER CHECK (height_px > 0),
  orientation INTEGER CHECK (orientation BETWEEN 1 AND 8),
  colour_space TEXT,
  bit_depth INTEGER,
  has_alpha INTEGER CHECK (has_alpha IN (0, 1)),
  frame_count INTEGER,
  problem_code TEXT,
  problem_detail TEXT,
  note TEXT,
  CHECK ((problem_code IS NULL) = (problem_detail IS NULL)),
  CHECK ((status = 'problem') = (problem_code IS NOT NULL)),
  CHECK ((status IN ('ok', 'changed')) <= (content_hash IS NOT NULL AND width_px IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX images_by_path ON images (collection_id, ifnull(path_bytes, rel_path));
-- Keeps the order of the rows, in which neighbours share their pages: removing goes along it.
CREATE INDEX images_by_collection ON images (collection_id, id);
CREATE INDEX images_by_name ON images (collection_id, rel_path, id);
CREATE INDEX images_by_status ON images (collection_id, status, rel_path, id);
-- The rows that a scan has yet to settle at its end: few, among very many.
CREATE INDEX images_by_scan ON images (collection_id, seen_by_scan) WHERE status <> 'missing';
CREATE INDEX images_by_hash ON images (collection_id, content_hash, rel_path, id) WHERE status IN ('ok', 'changed');
CREATE INDEX images_by_problem ON images (collection_id, problem_code) WHERE problem_code IS NOT NULL;

CREATE TRIGGER images_counted_in AFTER INSERT ON images BEGIN
  UPDATE collections SET
    ok_count = ok_count + (new.status = 'ok'),
    changed_count = changed_count + (new.status = 'changed'),
    missing_count = missing_count + (new.status = 'missing'),
    problem_count = problem_count + (new.status = 'problem'),
    duplicate_count = duplicate_count + (new.status IN ('ok', 'changed') AND EXISTS (
      SELECT 1 FROM images WHERE collection_id = new.collection_id AND content_hash = new.content_hash
        AND status IN ('ok', 'changed') AND id <> new.id))
  WHERE id = new.collection_id;
END;
CREATE TRIGGER images_counted_out AFTER DELETE ON images BEGIN
  UPDATE collections SET
    ok_count = ok_count - (old.status = 'ok'),
    changed_count = changed_count - (old.status = 'changed'),
    missing_count = missing_count - (old.status = 'missing'),
    problem_count = problem_count - (old.status = 'problem'),
    duplicate_count = duplicate_count - (old.status IN ('ok', 'changed') AND EXISTS (
      SELECT 1 FROM images WHERE collection_id = old.collection_id AND content_hash = old.content_hash
        AND status IN ('ok', 'changed') AND id <> old.id))
  WHERE id = old.collection_id;
END;
CREATE TRIGGER images_recounted AFTER UPDATE OF status, content_hash ON images
WHEN old.status <> new.status OR old.content_hash IS NOT new.content_hash BEGIN
  UPDATE collections SET
    ok_count = ok_count + (new.status = 'ok') - (old.status = 'ok'),
    changed_count = changed_count + (new.status = 'changed') - (old.status = 'changed'),
    missing_count = missing_count + (new.status = 'missing') - (old.status = 'missing'),
    problem_count = problem_count + (new.status = 'problem') - (old.status = 'problem'),
    duplicate_count = duplicate_count + (new.status IN ('ok', 'changed') AND EXISTS (
      SELECT 1 FROM images WHERE collection_id = new.collection_id AND content_hash = new.content_hash
        AND status IN ('ok', 'changed') AND id <> new.id)) - (old.status IN ('ok', 'changed') AND EXISTS (
      SELECT 1 FROM images WHERE collection_id = old.collection_id AND content_hash = old.content_hash
        AND status IN ('ok', 'changed') AND id <> old.id))
  WHERE id = new.collection_id;
END;

CREATE TABLE jobs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  title TEXT NOT NULL,
  spec TEXT NOT NULL CHECK (json_valid(spec)),
  state TEXT NOT NULL CHECK (state IN (
    'queued', 'running', 'pausing', 'paused', 'cancelling', 'cancelled', 'failed', 'interrupted', 'done')),
  progress TEXT CHECK (progress IS NULL OR json_valid(progress)),
  error TEXT CHECK (error IS NULL OR json_valid(error)),
  created_at_ms INTEGER NOT NULL,
  started_at_ms INTEGER,
  finished_at_ms INTEGER
) STRICT;

CREATE INDEX jobs_by_state ON jobs (state, id);

-- Encoder weights: trained here, or imported. The file lies below the data folder.
CREATE TABLE models (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  origin TEXT NOT NULL CHECK (origin IN ('run', 'imported', 'untrained')),
  architecture TEXT NOT NULL,
  file TEXT,
  file_sha256 BLOB CHECK (length(file_sha256) = 32),
  run_id INTEGER REFERENCES runs (id) ON DELETE SET NULL,
  card TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(card)),
  created_at_ms INTEGER NOT NULL,
  CHECK ((origin = 'untrained') = (file IS NULL)),
  CHECK ((file IS NULL) = (file_sha256 IS NULL))
) STRICT;

CREATE INDEX models_by_run ON models (run_id) WHERE run_id IS NOT NULL;

-- One pretraining. It outlives its collection: the weights it made are still there.
CREATE TABLE runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  collection_id INTEGER REFERENCES collections (id) ON DELETE SET NULL,
  job_id INTEGER REFERENCES jobs (id) ON DELETE SET NULL,
  parent_model_id INTEGER REFERENCES models (id) ON DELETE SET NULL,
  name TEXT NOT NULL,
  preset TEXT NOT NULL,
  config TEXT NOT NULL CHECK (json_valid(config)),
  device TEXT NOT NULL,
  seed INTEGER NOT NULL,
  image_count INTEGER NOT NULL,
  total_steps INTEGER NOT NULL,
  step INTEGER NOT NULL DEFAULT 0,
  -- The file lies in the run's own folder.
  checkpoint_file TEXT,
  checkpoint_sha256 BLOB CHECK (length(checkpoint_sha256) = 32),
  checkpoint_step INTEGER,
  best_step INTEGER,
  best_stability REAL,
  skipped TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(skipped)),
  created_at_ms INTEGER NOT NULL,
  finished_at_ms INTEGER,
  CHECK ((checkpoint_file IS NULL) = (checkpoint_sha256 IS NULL) AND (checkpoint_file IS NULL) = (checkpoint_step IS NULL)),
  CHECK ((best_step IS NULL) = (best_stability IS NULL))
) STRICT;

CREATE INDEX runs_by_collection ON runs (collection_id, id);
CREATE INDEX runs_by_job ON runs (job_id) WHERE job_id IS NOT NULL;
CREATE INDEX runs_by_parent ON runs (parent_model_id) WHERE parent_model_id IS NOT NULL;

-- One value of one curve. The primary key is the order in which charts read: a curve, along its steps.
CREATE TABLE run_metrics (
  run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  step INTEGER NOT NULL,
  value REAL NOT NULL,
  PRIMARY KEY (run_id, name, step)
) STRICT, WITHOUT ROWID;

-- The region map of a fixed image at a step, so that one can watch regions become objects.
CREATE TABLE run_previews (
  run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  step INTEGER NOT NULL,
  image_id INTEGER NOT NULL,
  content_hash BLOB NOT NULL CHECK (length(content_hash) = 32),
  -- A palette PNG of region numbers over the square spanning view.
  png BLOB NOT NULL CHECK (length(png) > 0),
  PRIMARY KEY (run_id, image_id, step)
) STRICT;

-- One way of cutting a collection into objects.
CREATE TABLE segmentations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  collection_id INTEGER NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
  model_id INTEGER REFERENCES models (id) ON DELETE SET NULL,
  job_id INTEGER REFERENCES jobs (id) ON DELETE SET NULL,
  name TEXT NOT NULL,
  settings TEXT NOT NULL CHECK (json_valid(settings)),
  device TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  finished_at_ms INTEGER
) STRICT;

CREATE INDEX segmentations_by_collection ON segmentations (collection_id, id);
CREATE INDEX segmentations_by_model ON segmentations (model_id) WHERE model_id IS NOT NULL;
CREATE INDEX segmentations_by_job ON segmentations (job_id) WHERE job_id IS NOT NULL;

-- The kinds of things found over a whole segmentation; people name and merge them.
CREATE TABLE concepts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  segmentation_id INTEGER NOT NULL REFERENCES segmentations (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  name TEXT,
  colour TEXT NOT NULL CHECK (colour GLOB '#[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]'),
  is_background INTEGER NOT NULL DEFAULT 0 CHECK (is_background IN (0, 1)),
  merged_into INTEGER REFERENCES concepts (id) ON DELETE SET NULL CHECK (merged_into <> id),
  -- Cluster centre, float32 little-endian.
  centre BLOB,
  UNIQUE (segmentation_id, number)
) STRICT;

CREATE INDEX concepts_by_target ON concepts (merged_into) WHERE merged_into IS NOT NULL;

-- Which images a segmentation has finished, with what the gallery filters and sorts by.
CREATE TABLE segmented_images (
  segmentation_id INTEGER NOT NULL REFERENCES segmentations (id) ON DELETE CASCADE,
  image_id INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
  -- The version of the file that was segmented; the image may have changed since.
  content_hash BLOB NOT NULL CHECK (length(content_hash) = 32),
  rel_path TEXT NOT NULL,
  mask_count INTEGER NOT NULL DEFAULT 0,
  best_score REAL NOT NULL DEFAULT 0,
  largest_px INTEGER NOT NULL DEFAULT 0,
  pending_count INTEGER NOT NULL DEFAULT 0,
  accepted_count INTEGER NOT NULL DEFAULT 0,
  rejected_count INTEGER NOT NULL DEFAULT 0,
  edited_count INTEGER NOT NULL DEFAULT 0,
  finished_at_ms INTEGER NOT NULL,
  PRIMARY KEY (segmentation_id, image_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX segmented_by_path ON segmented_images (segmentation_id, rel_path, image_id);
CREATE INDEX segmented_by_score ON segmented_images (segmentation_id, best_score, image_id);
CREATE INDEX segmented_by_area ON segmented_images (segmentation_id, largest_px, image_id);
-- A review state is often rare (all but a few are accepted): each has its own short lists.
CREATE INDEX segmented_pending_by_path ON segmented_images (segmentation_id, rel_path, image_id) WHERE pending_count > 0;
CREATE INDEX segmented_pending_by_score ON segmented_images (segmentation_id, best_score, image_id) WHERE pending_count > 0;
CREATE INDEX segmented_pending_by_area ON segmented_images (segmentation_id, largest_px, image_id) WHERE pending_count > 0;
CREATE INDEX segmented_accepted_by_path ON segmented_images (segmentation_id, rel_path, image_id) WHERE accepted_count > 0;
CREATE INDEX segmented_accepted_by_score ON segmented_images (segmentation_id, best_score, image_id) WHERE accepted_count > 0;
CREATE INDEX segmented_accepted_by_area ON segmented_images (segmentation_id, largest_px, image_id) WHERE accepted_count > 0;
CREATE INDEX segmented_rejected_by_path ON segmented_images (segmentation_id, rel_path, image_id) WHERE rejected_count > 0;
CREATE INDEX segmented_rejected_by_score ON segmented_images (segmentation_id, best_score, image_id) WHERE rejected_count > 0;
CREATE INDEX segmented_rejected_by_area ON segmented_images (segmentation_id, largest_px, image_id) WHERE rejected_count > 0;
CREATE INDEX segmented_edited_by_path ON segmented_images (segmentation_id, rel_path, image_id) WHERE edited_count > 0;
CREATE INDEX segmented_edited_by_score ON segmented_images (segmentation_id, best_score, image_id) WHERE edited_count > 0;
CREATE INDEX segmented_edited_by_area ON segmented_images (segmentation_id, largest_px, image_id) WHERE edited_count > 0;
CREATE INDEX segmented_by_image ON segmented_images (image_id);

-- Object masks. The run lengths are kept apart, in mask_shapes: lists and filters read many of these rows,
-- and would otherwise page in the large blobs with them.
CREATE TABLE masks (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  segmentation_id INTEGER NOT NULL,
  image_id INTEGER NOT NULL,
  concept_id INTEGER REFERENCES concepts (id) ON DELETE SET NULL,
  origin TEXT NOT NULL CHECK (origin IN ('model', 'hand', 'imported')),
  -- Level of detail: 0 is objects, higher levels are finer regions.
  level INTEGER NOT NULL DEFAULT 0,
  x INTEGER NOT NULL CHECK (x >= 0),
  y INTEGER NOT NULL CHECK (y >= 0),
  width INTEGER NOT NULL CHECK (width > 0),
  height INTEGER NOT NULL CHECK (height > 0),
  area_px INTEGER NOT NULL CHECK (area_px > 0 AND area_px <= width * height),
  score REAL NOT NULL CHECK (score BETWEEN 0 AND 1),
  review TEXT NOT NULL DEFAULT 'pending' CHECK (review IN ('pending', 'accepted', 'rejected', 'edited')),
  -- Grows with every edit, so that a slow client cannot overwrite a newer shape.
  revision INTEGER NOT NULL DEFAULT 1,
  FOREIGN KEY (segmentation_id, image_id)
    REFERENCES segmented_images (segmentation_id, image_id) ON DELETE CASCADE
) STRICT;

-- Holds all that the summaries read of a mask, so that they never visit the row.
CREATE INDEX masks_by_image ON masks (segmentation_id, image_id, level, concept_id, review, area_px, score);
CREATE INDEX masks_by_concept ON masks (concept_id, image_id) WHERE concept_id IS NOT NULL;

-- The images of a concept, in the orders that the gallery shows them. All values are of this concept's masks
-- alone, the review states too: whoever reviews concept by concept looks for the pending masks of one.
CREATE TABLE concept_images (
  concept_id INTEGER NOT NULL REFERENCES concepts (id) ON DELETE CASCADE,
  segmentation_id INTEGER NOT NULL,
  image_id INTEGER NOT NULL,
  rel_path TEXT NOT NULL,
  mask_count INTEGER NOT NULL,
  best_score REAL NOT NULL,
  largest_px INTEGER NOT NULL,
  pending_count INTEGER NOT NULL,
  accepted_count INTEGER NOT NULL,
  rejected_count INTEGER NOT NULL,
  edited_count INTEGER NOT NULL,
  PRIMARY KEY (concept_id, image_id),
  FOREIGN KEY (segmentation_id, image_id)
    REFERENCES segmented_images (segmentation_id, image_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX concept_images_by_path ON concept_images (concept_id, rel_path, image_id);
CREATE INDEX concept_images_by_score ON concept_images (concept_id, best_score, image_id);
CREATE INDEX concept_images_by_area ON concept_images (concept_id, largest_px, image_id);
CREATE INDEX concept_images_pending_by_path ON concept_images (concept_id, rel_path, image_id) WHERE pending_count > 0;
CREATE INDEX concept_images_pending_by_score ON concept_images (concept_id, best_score, image_id) WHERE pending_count > 0;
CREATE INDEX concept_images_pending_by_area ON concept_images (concept_id, largest_px, image_id) WHERE pending_count > 0;
CREATE INDEX concept_images_accepted_by_path ON concept_images (concept_id, rel_path, image_id) WHERE accepted_count > 0;
CREATE INDEX concept_images_accepted_by_score ON concept_images (concept_id, best_score, image_id) WHERE accepted_count > 0;
CREATE INDEX concept_images_accepted_by_area ON concept_images (concept_id, largest_px, image_id) WHERE accepted_count > 0;
CREATE INDEX concept_images_rejected_by_path ON concept_images (concept_id, rel_path, image_id) WHERE rejected_count > 0;
CREATE INDEX concept_images_rejected_by_score ON concept_images (concept_id, best_score, image_id) WHERE rejected_count > 0;
CREATE INDEX concept_images_rejected_by_area ON concept_images (concept_id, largest_px, image_id) WHERE rejected_count > 0;
CREATE INDEX concept_images_edited_by_path ON concept_images (concept_id, rel_path, image_id) WHERE edited_count > 0;
CREATE INDEX concept_images_edited_by_score ON concept_images (concept_id, best_score, image_id) WHERE edited_count > 0;
CREATE INDEX concept_images_edited_by_area ON concept_images (concept_id, largest_px, image_id) WHERE edited_count > 0;
CREATE INDEX concept_images_by_image ON concept_images (segmentation_id, image_id);

-- Summaries follow their objects (level 0): finer regions are there to look at, not to be reviewed. Inserts only
-- add up; whatever may lower a maximum counts the image's few masks again.
CREATE TRIGGER masks_counted_in AFTER INSERT ON masks WHEN new.level = 0 BEGIN
  UPDATE segmented_images SET
    mask_count = mask_count + 1,
    best_score = max(best_score, new.score),
    largest_px = max(largest_px, new.area_px),
    pending_count = pending_count + (new.review = 'pending'),
    accepted_count = accepted_count + (new.review = 'accepted'),
    rejected_count = rejected_count + (new.review = 'rejected'),
    edited_count = edited_count + (new.review = 'edited')
  WHERE segmentation_id = new.segmentation_id AND image_id = new.image_id;
  INSERT INTO concept_images (concept_id, segmentation_id, image_id, rel_path, mask_count, best_score, largest_px,
      pending_count, accepted_count, rejected_count, edited_count)
    SELECT new.concept_id, new.segmentation_id, new.image_id, rel_path, 1, new.score, new.area_px,
      new.review = 'pending', new.review = 'accepted', new.review = 'rejected', new.review = 'edited'
    FROM segmented_images
    WHERE segmentation_id = new.segmentation_id AND image_id = new.image_id AND new.concept_id IS NOT NULL
    ON CONFLICT (concept_id, image_id) DO UPDATE SET
      mask_count = mask_count + 1,
      best_score = max(best_score, excluded.best_score),
      largest_px = max(largest_px, excluded.largest_px),
      pending_count = pending_count + excluded.pending_count,
      accepted_count = accepted_count + excluded.accepted_count,
      rejected_count = rejected_count + excluded.rejected_count,
      edited_count = edited_count + excluded.edited_count;
END;
-- Where the image itself went, its summaries go with it.
CREATE TRIGGER masks_counted_out AFTER DELETE ON masks
WHEN old.level = 0
  AND EXISTS (SELECT 1 FROM segmented_images WHERE segmentation_id = old.segmentation_id AND image_id = old.image_id) BEGIN
  UPDATE segmented_images SET (mask_count, best_score, largest_px) =
      (SELECT count(*), ifnull(max(score), 0), ifnull(max(area_px), 0) FROM masks
       WHERE segmentation_id = old.segmentation_id AND image_id = old.image_id AND level = 0),
    pending_count = pending_count - (old.review = 'pending'),
    accepted_count = accepted_count - (old.review = 'accepted'),
    rejected_count = rejected_count - (old.review = 'rejected'),
    edited_count = edited_count - (old.review = 'edited')
  WHERE segmentation_id = old.segmentation_id AND image_id = old.image_id;
  DELETE FROM concept_images WHERE concept_id = old.concept_id AND image_id = old.image_id;
  INSERT INTO concept_images (concept_id, segmentation_id, image_id, rel_path, mask_count, best_score, largest_px,
      pending_count, accepted_count, rejected_count, edited_count)
    SELECT old.concept_id, s.segmentation_id, s.image_id, s.rel_path, count(*), max(m.score), max(m.area_px),
      sum(m.review = 'pending'), sum(m.review = 'accepted'), sum(m.review = 'rejected'), sum(m.review = 'edited')
    FROM masks m JOIN segmented_images s USING (segmentation_id, image_id)
    WHERE m.segmentation_id = old.segmentation_id AND m.image_id = old.image_id AND m.level = 0
      AND m.concept_id = old.concept_id
    GROUP BY s.segmentation_id, s.image_id;
END;
CREATE TRIGGER masks_recounted AFTER UPDATE OF review, score, area_px, concept_id ON masks WHEN new.level = 0 BEGIN
  UPDATE segmented_images SET (best_score, largest_px,
      pending_count, accepted_count, rejected_count, edited_count) =
      (SELECT max(score), max(area_px),
         sum(review = 'pending'), sum(review = 'accepted'), sum(review = 'rejected'), sum(review = 'edited')
       FROM masks WHERE segmentation_id = new.segmentation_id AND image_id = new.image_id AND level = 0)
  WHERE segmentation_id = new.segmentation_id AND image_id = new.image_id;
  DELETE FROM concept_images WHERE concept_id IN (old.concept_id, new.concept_id) AND image_id = new.image_id;
  INSERT INTO concept_images (concept_id, segmentation_id, image_id, rel_path, mask_count, best_score, largest_px,
      pending_count, accepted_count, rejected_count, edited_count)
    SELECT m.concept_id, s.segmentation_id, s.image_id, s.rel_path, count(*), max(m.score), max(m.area_px),
      sum(m.review = 'pending'), sum(m.review = 'accepted'), sum(m.review = 'rejected'), sum(m.review = 'edited')
    FROM masks m JOIN segmented_images s USING (segmentation_id, image_id)
    WHERE m.segmentation_id = new.segmentation_id AND m.image_id = new.image_id AND m.level = 0
      AND m.concept_id IN (old.concept_id, new.concept_id)
    GROUP BY m.concept_id, s.segmentation_id, s.image_id;
END;

-- COCO's compressed run lengths: column-major over the upright grid of grid_width x grid_height.
CREATE TABLE mask_shapes (
  mask_id INTEGER PRIMARY KEY REFERENCES masks (id) ON DELETE CASCADE,
  grid_width INTEGER NOT NULL CHECK (grid_width > 0),
  grid_height INTEGER NOT NULL CHECK (grid_height > 0),
  rle BLOB NOT NULL CHECK (length(rle) > 0)
) STRICT;

-- The masks that stand for a concept, best first.
CREATE TABLE concept_exemplars (
  concept_id INTEGER NOT NULL REFERENCES concepts (id) ON DELETE CASCADE,
  rank INTEGER NOT NULL,
  mask_id INTEGER NOT NULL REFERENCES masks (id) ON DELETE CASCADE,
  PRIMARY KEY (concept_id, rank)
) STRICT, WITHOUT ROWID;

CREATE INDEX exemplars_by_mask ON concept_exemplars (mask_id);

CREATE TABLE datasets (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  created_at_ms INTEGER NOT NULL
) STRICT;

-- A version. While it is built it may change; once it is frozen, triggers refuse every change. It goes as a whole:
-- marked as `removing`, nobody sees it any more and its rows go in small steps.
CREATE TABLE dataset_versions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  dataset_id INTEGER NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
  number INTEGER NOT NULL CHECK (number > 0),
  recipe TEXT NOT NULL CHECK (json_valid(recipe)),
  state TEXT NOT NULL DEFAULT 'building' CHECK (state IN ('building', 'frozen', 'removing')),
  -- What was counted while it was built: counting again would read every row.
  counts TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(counts)),
  created_at_ms INTEGER NOT NULL,
  UNIQUE (dataset_id, number)
) STRICT;

CREATE TABLE dataset_classes (
  version_id INTEGER NOT NULL REFERENCES dataset_versions (id) ON DELETE CASCADE,
  -- From 1, in the order of export.
  number INTEGER NOT NULL CHECK (number > 0),
  name TEXT NOT NULL,
  colour TEXT NOT NULL,
  PRIMARY KEY (version_id, number),
  UNIQUE (version_id, name)
) STRICT, WITHOUT ROWID;

-- A copy of what an export needs of an image: the collection may be gone by then.
CREATE TABLE dataset_images (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  version_id INTEGER NOT NULL REFERENCES dataset_versions (id) ON DELETE CASCADE,
  root_path TEXT NOT NULL,
  rel_path TEXT NOT NULL,
  path_bytes BLOB,
  content_hash BLOB NOT NULL CHECK (length(content_hash) = 32),
  -- Of the file when it was scanned: while both are the same, its content is.
  size_bytes INTEGER NOT NULL,
  mtime_ms REAL NOT NULL,
  width_px INTEGER NOT NULL CHECK (width_px > 0),
  height_px INTEGER NOT NULL CHECK (height_px > 0),
  orientation INTEGER NOT NULL CHECK (orientation BETWEEN 1 AND 8),
  split TEXT NOT NULL CHECK (split IN ('train', 'val', 'test'))
) STRICT;

CREATE INDEX dataset_images_by_version ON dataset_images (version_id, id);
CREATE INDEX dataset_images_by_path ON dataset_images (version_id, root_path, ifnull(path_bytes, rel_path));

CREATE TABLE dataset_masks (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  image_id INTEGER NOT NULL REFERENCES dataset_images (id) ON DELETE CASCADE,
  class_number INTEGER NOT NULL,
  -- Where it came from, for comparing versions; the mask itself may be gone.
  source_mask_id INTEGER,
  x INTEGER NOT NULL,
  y INTEGER NOT NULL,
  width INTEGER NOT NULL CHECK (width > 0),
  height INTEGER NOT NULL CHECK (height > 0),
  area_px INTEGER NOT NULL CHECK (area_px > 0),
  score REAL NOT NULL,
  review TEXT NOT NULL CHECK (review IN ('pending', 'accepted', 'rejected', 'edited')),
  rle BLOB NOT NULL CHECK (length(rle) > 0)
) STRICT;

CREATE INDEX dataset_masks_by_image ON dataset_masks (image_id, id);

CREATE TRIGGER frozen_version_kept BEFORE UPDATE ON dataset_versions
WHEN old.state = 'frozen' AND (new.state <> 'removing' OR old.recipe <> new.recipe OR old.counts <> new.counts)
  OR old.state = 'removing' BEGIN
  SELECT raise(ABORT, 'a frozen dataset version never changes');
END;
CREATE TRIGGER frozen_classes_kept_in BEFORE INSERT ON dataset_classes
WHEN (SELECT state FROM dataset_versions WHERE id = new.version_id) = 'frozen' BEGIN
  SELECT raise(ABORT, 'a frozen dataset version never changes');
END;
CREATE TRIGGER frozen_classes_kept BEFORE UPDATE ON dataset_classes
WHEN EXISTS (SELECT 1 FROM dataset_versions WHERE id IN (old.version_id, new.version_id) AND state = 'frozen') BEGIN
  SELECT raise(ABORT, 'a frozen dataset version never changes');
END;
CREATE TRIGGER frozen_images_kept_in BEFORE INSERT ON dataset_images
WHEN (SELECT state FROM dataset_versions WHERE id = new.version_id) = 'frozen' BEGIN
  SELECT raise(ABORT, 'a frozen dataset version never changes');
END;
CREATE TRIGGER frozen_images_kept BEFORE UPDATE ON dataset_images
WHEN EXISTS (SELECT 1 FROM dataset_versions WHERE id IN (old.version_id, new.version_id) AND state = 'frozen') BEGIN
  SELECT raise(ABORT, 'a frozen dataset version never changes');
END;
CREATE TRIGGER frozen_masks_kept_in BEFORE INSERT ON dataset_masks
WHEN (SELECT v.state FROM dataset_images i JOIN dataset_versions v ON v.id = i.version_id
      WHERE i.id = new.image_id) = 'frozen' BEGIN
  SELECT raise(ABORT, 'a frozen dataset version never changes');
END;
CREATE TRIGGER frozen_masks_kept BEFORE UPDATE ON dataset_masks
WHEN EXISTS (SELECT 1 FROM dataset_images i JOIN dataset_versions v ON v.id = i.version_id
      WHERE i.id IN (old.image_id, new.image_id) AND v.state = 'frozen') BEGIN
  SELECT raise(ABORT, 'a frozen dataset version never changes');
END;
-- Parts of a frozen version go only with the whole version.
CREATE TRIGGER frozen_classes_kept_out BEFORE DELETE ON dataset_classes
WHEN (SELECT state FROM dataset_versions WHERE id = old.version_id) = 'frozen' BEGIN
  SELECT raise(ABORT, 'a frozen dataset version is deleted as a whole or not at all');
END;
CREATE TRIGGER frozen_images_kept_out BEFORE DELETE ON dataset_images
WHEN (SELECT state FROM dataset_versions WHERE id = old.version_id) = 'frozen' BEGIN
  SELECT raise(ABORT, 'a frozen dataset version is deleted as a whole or not at all');
END;
CREATE TRIGGER frozen_masks_kept_out BEFORE DELETE ON dataset_masks
WHEN (SELECT v.state FROM dataset_images i JOIN dataset_versions v ON v.id = i.version_id
      WHERE i.id = old.image_id) = 'frozen' BEGIN
  SELECT raise(ABORT, 'a frozen dataset version is deleted as a whole or not at all');
END;

CREATE TABLE exports (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  version_id INTEGER REFERENCES dataset_versions (id) ON DELETE SET NULL,
  job_id INTEGER REFERENCES jobs (id) ON DELETE SET NULL,
  dataset_name TEXT NOT NULL,
  version_number INTEGER NOT NULL,
  format TEXT NOT NULL,
  options TEXT NOT NULL CHECK (json_valid(options)),
  out_path TEXT NOT NULL,
  -- What came of it: counts, and what was left out or is to be known.
  result TEXT CHECK (result IS NULL OR json_valid(result)),
  created_at_ms INTEGER NOT NULL,
  finished_at_ms INTEGER
) STRICT;

CREATE INDEX exports_by_version ON exports (version_id, id);
CREATE INDEX exports_by_job ON exports (job_id) WHERE job_id IS NOT NULL;

-- Masks that came back from a labeling tool.
CREATE TABLE mask_imports (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  segmentation_id INTEGER NOT NULL REFERENCES segmentations (id) ON DELETE CASCADE,
  options TEXT NOT NULL CHECK (json_valid(options)),
  result TEXT CHECK (result IS NULL OR json_valid(result)),
  created_at_ms INTEGER NOT NULL,
  finished_at_ms INTEGER
) STRICT;

CREATE INDEX mask_imports_by_segmentation ON mask_imports (segmentation_id, id);

CREATE TABLE settings (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL CHECK (json_valid(value))
) STRICT, WITHOUT ROWID;
