-- Which node of a cluster the jobs write to. Two at a time are a mistake of whoever set up the proxy between.

CREATE TABLE writer (
    node    VARCHAR(255) NOT NULL PRIMARY KEY COMMENT 'wsrep_node_name, or where there is no cluster the name of the database''s machine',
    since   DATETIME(6) NOT NULL COMMENT 'from when on it was seen at least once in a minute, UTC',
    seen_at DATETIME(6) NOT NULL COMMENT 'when a job last wrote there, UTC'
) ENGINE = InnoDB COMMENT = 'the nodes that jobs have written to';
