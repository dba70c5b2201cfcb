-- Roles: what somebody who signed in may do. Which rights a role has on a face is the face's.

CREATE TABLE user_role (
    user_id BIGINT NOT NULL COMMENT 'user.id',
    role    VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'a word of lib/identity/role.h',
    at      DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'since when, UTC',
    PRIMARY KEY (user_id, role),
    FOREIGN KEY (user_id) REFERENCES user (id)
) ENGINE = InnoDB COMMENT = 'the roles of users; who is made has the role user';

INSERT INTO user_role (user_id, role) SELECT id, 'user' FROM user WHERE id <> 1;

CREATE TRIGGER user_begins AFTER INSERT ON user FOR EACH ROW
    INSERT INTO user_role (user_id, role) VALUES (NEW.id, 'user');

-- A key does no more than its user may: the workers that remember it have to read again.
CREATE TRIGGER user_role_given AFTER INSERT ON user_role FOR EACH ROW
    UPDATE api_key SET version = version + 1 WHERE user_id = NEW.user_id;
CREATE TRIGGER user_role_taken AFTER DELETE ON user_role FOR EACH ROW
    UPDATE api_key SET version = version + 1 WHERE user_id = OLD.user_id;
