-- That the jobs are alive: each notes now and then that it has done all that was due.

CREATE TABLE job (
    name    VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY COMMENT 'its program',
    done_at DATETIME(6) NOT NULL COMMENT 'when it last had done all that was due, UTC'
) ENGINE = InnoDB COMMENT = 'last run of each job';
