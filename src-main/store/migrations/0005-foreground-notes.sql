-- How the foregrounds of a segmentation are found, as JSON; null until that is decided.
ALTER TABLE segmentations ADD COLUMN foreground TEXT CHECK (foreground IS NULL OR json_valid(foreground));
