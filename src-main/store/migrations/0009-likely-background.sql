-- Whether a concept is probably background, by its objects: a suggestion, which leaves nothing out. Decisions of people
-- are in is_background. The app once made them itself: what it decided of concepts without a name becomes a suggestion.
ALTER TABLE concepts ADD COLUMN is_likely_background INTEGER NOT NULL DEFAULT 0 CHECK (is_likely_background IN (0, 1));
UPDATE concepts SET is_likely_background = 1, is_background = 0 WHERE is_background = 1 AND name IS NULL;
