-- What a customer asked for within the last hours, as rules of velocity count it.

ALTER TABLE payout
    ADD KEY of_user_time (user_id, created_at);
