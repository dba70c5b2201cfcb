-- What tells that a restored or tampered database is not what it should be, and that a key is not the one that it was sealed with.

CREATE TABLE schema_routine (
    name   VARCHAR(64) NOT NULL PRIMARY KEY COMMENT 'procedure or function',
    sha256 BINARY(32) NOT NULL COMMENT 'of its text as the server kept it when it was applied'
) ENGINE = InnoDB COMMENT = 'stored routines as applied; the owner writes it';

CREATE TABLE seal_canary (
    id     TINYINT UNSIGNED NOT NULL PRIMARY KEY COMMENT '1',
    sealed VARBINARY(64) NOT NULL COMMENT 'known words, sealed with the master key: opens with no other'
) ENGINE = InnoDB COMMENT = 'one row, which tells whether a master key is the right one';
