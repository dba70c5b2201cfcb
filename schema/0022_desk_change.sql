-- Lists of bids by their last change read as many rows as they show; so does looking for what operators changed last.

ALTER TABLE desk_bid
    DROP KEY by_status,
    ADD KEY by_status (status, changed_at),
    ADD KEY changed (changed_at);

ALTER TABLE desk_change
    ADD KEY newest (what, at);
