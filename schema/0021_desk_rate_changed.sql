-- When a rate's value last changed: what is found anew each second without having changed makes no newer rate feed.

ALTER TABLE desk_rate
    ADD COLUMN changed_at DATETIME(6) NULL COMMENT 'when its value last changed, or it was good again, UTC' AFTER at;

UPDATE desk_rate SET changed_at = at;
