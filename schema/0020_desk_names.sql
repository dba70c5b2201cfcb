-- A robot's own name of a bid is taken as it is written: neither case nor a space at its end makes two of them one.

ALTER TABLE desk_bid
    MODIFY api_id VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NULL COMMENT 'the robot''s own name of it';
