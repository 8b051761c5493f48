-- The phase of a job's progress is a name from a closed list. Before, workers wrote a phrase.
UPDATE jobs SET progress = json_set(progress, '$.phase', CASE json_extract(progress, '$.phase')
  WHEN 'preparing the network' THEN 'preparing-network'
  WHEN 'learning what there is' THEN 'learning-concepts'
  WHEN 'writing' THEN 'writing-files'
  ELSE replace(json_extract(progress, '$.phase'), ' ', '-')
END)
WHERE progress IS NOT NULL;
