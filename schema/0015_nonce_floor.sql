-- What is left of a key's nonces where their table is not: on a cluster, which does not replicate MyISAM, and
-- after a machine was lost.

CREATE TABLE api_key_floor (
    key_id BIGINT NOT NULL PRIMARY KEY COMMENT 'api_key.id',
    nonce  DECIMAL(38, 18) NOT NULL COMMENT 'where the key has no row in api_key_nonce_N, nonces up to this one are not taken',
    at     DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'when it was raised last, UTC'
) ENGINE = InnoDB COMMENT = 'the highest nonce of each key as it was a few seconds ago: raised by the sweep';
