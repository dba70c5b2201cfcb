-- Long lists: where each of their parts begins, so that any page is near a mark and none is counted from the end.

CREATE TABLE list_mark (
    list     VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'which list: ticket/customer ...',
    owner_id BIGINT NOT NULL COMMENT 'user.id whose list it is',
    position BIGINT UNSIGNED NOT NULL COMMENT 'how many of the list''s rows are not beyond the mark, from the oldest on',
    mark     VARBINARY(20) NOT NULL COMMENT 'key of the last of them: the bytes of a uuid, or a number in digits',
    PRIMARY KEY (list, owner_id, position)
) ENGINE = InnoDB COMMENT = 'made by those who read; rows are only ever added behind a mark';

-- Lists by status.
ALTER TABLE ticket
    ADD KEY customer_status (customer_id, status, id),
    ADD KEY partner_status (partner_user_id, status, id);
ALTER TABLE checkout_order
    ADD KEY merchant_status (merchant_id, status, id);
