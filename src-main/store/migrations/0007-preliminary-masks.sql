-- Whether an image's masks were cut before the collection was learned: those that follow from it take their place.
ALTER TABLE segmented_images ADD COLUMN is_preliminary INTEGER NOT NULL DEFAULT 0 CHECK (is_preliminary IN (0, 1));
