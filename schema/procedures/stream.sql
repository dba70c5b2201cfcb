-- The live stream's publisher: whose turn it is.

-- Gives the turn to p_owner for p_lease seconds, where it is theirs or nobody's: whether it is theirs now, and whether it was taken
-- from one who did not give it back. A transaction of its own.
CREATE OR REPLACE PROCEDURE stream_turn_take(IN p_owner BINARY(16), IN p_lease INT)
    SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
    DECLARE v_owner BINARY(16);
    DECLARE v_until DATETIME(6);
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK;
        RESIGNAL;
    END;

    START TRANSACTION;
    SELECT owner, until INTO v_owner, v_until FROM stream_turn WHERE id = 1 FOR UPDATE;
    IF v_owner <=> p_owner OR v_until <= NOW(6) THEN
        UPDATE stream_turn SET owner = p_owner, until = NOW(6) + INTERVAL p_lease SECOND WHERE id = 1;
        COMMIT;
        SELECT TRUE, v_owner <> p_owner AND v_owner IS NOT NULL;
    ELSE
        COMMIT;
        SELECT FALSE, FALSE;
    END IF;
END;
