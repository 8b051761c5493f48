-- The concepts of a segmentation are counted from 1, as people count. Over negative numbers, because no two may be the
-- same on the way. Where they already begin with 1, they stay.
UPDATE concepts SET number = -1 - number
WHERE segmentation_id IN (SELECT segmentation_id FROM concepts WHERE number = 0);
UPDATE concepts SET number = -number WHERE number < 0;
