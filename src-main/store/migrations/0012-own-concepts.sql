-- Where people put a concept among the others of its segmentation; NULL where nobody has: those come last, by number.
ALTER TABLE concepts ADD COLUMN position INTEGER;

-- A concept that is deleted is forgotten in the history of its masks, too.
CREATE INDEX mask_edit_states_by_concept ON mask_edit_states (concept_id) WHERE concept_id IS NOT NULL;
