-- Guesses at a password are counted for each address, and wait longer and longer.

ALTER TABLE attempt
    MODIFY subject VARBINARY(64) NOT NULL COMMENT 'what is guessed at: SHA-256 of the login as typed and the address (IPv6: its /64); user id',
    MODIFY failures INT UNSIGNED NOT NULL COMMENT 'guesses since the last right one, those in hand included',
    MODIFY ends_at DATETIME(6) NOT NULL COMMENT 'when they are forgotten, UTC',
    ADD COLUMN blocked_until DATETIME(6) NULL COMMENT 'before then no guess is looked at, UTC; NULL: the next one may come';

DELETE FROM attempt;
