-- In which batch a run was approved, so that to undo one leaves alone what others approved, be it the same pair in another release;
-- and which group it was of, so that one key is of one.
ALTER TABLE runs ADD COLUMN {if_new} batch VARCHAR(64);
ALTER TABLE batches ADD COLUMN {if_new} change_group VARCHAR(64);
UPDATE runs SET batch = (SELECT d.batch FROM decisions d WHERE d.build_id = runs.build_id AND d.run_name = runs.name
                         AND d.ref_image = runs.ref_image AND d.image = runs.image)
    WHERE status = 'diff_approved';
