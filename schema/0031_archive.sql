-- What nothing happens to any more: orders that were cancelled without a fill, and the tries of deliveries that were acknowledged.

CREATE TABLE market_order_archive LIKE market_order;
ALTER TABLE market_order_archive
    DROP KEY book, DROP KEY live, DROP CONSTRAINT CONSTRAINT_1,
    ROW_FORMAT = COMPRESSED KEY_BLOCK_SIZE = 8,
    COMMENT = 'orders that were cancelled without a fill long ago: moved here by `tellerctl archive`, and never changed';

CREATE TRIGGER order_archive_is_final BEFORE UPDATE ON market_order_archive FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'archives are never changed';
CREATE TRIGGER order_archive_stays BEFORE DELETE ON market_order_archive FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'archives are never changed';
-- The definer is the schema's owner.
CREATE TRIGGER order_archive_is_closed BEFORE INSERT ON market_order_archive FOR EACH ROW
    IF SUBSTRING_INDEX(USER(), '@', 1) <> SUBSTRING_INDEX(CURRENT_USER(), '@', 1) THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'only the owner of the schema archives';
    END IF;

CREATE TABLE delivery_attempt_archive LIKE delivery_attempt;
ALTER TABLE delivery_attempt_archive
    ROW_FORMAT = COMPRESSED KEY_BLOCK_SIZE = 8,
    COMMENT = 'each try of a delivery that was acknowledged long ago: moved here by `tellerctl archive`, and never changed';

CREATE TRIGGER attempt_archive_is_final BEFORE UPDATE ON delivery_attempt_archive FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'archives are never changed';
CREATE TRIGGER attempt_archive_stays BEFORE DELETE ON delivery_attempt_archive FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'archives are never changed';
CREATE TRIGGER attempt_archive_is_closed BEFORE INSERT ON delivery_attempt_archive FOR EACH ROW
    IF SUBSTRING_INDEX(USER(), '@', 1) <> SUBSTRING_INDEX(CURRENT_USER(), '@', 1) THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'only the owner of the schema archives';
    END IF;
