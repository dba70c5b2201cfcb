-- How many visits come from one address, and which are old, is found without reading them all.

ALTER TABLE desk_visit
    ADD COLUMN address_group BINARY(16) NOT NULL DEFAULT '' COMMENT 'the address as visits are counted by it: of IPv6 its /64' AFTER ip,
    ADD KEY counted (address_group, at),
    ADD KEY old (at);
