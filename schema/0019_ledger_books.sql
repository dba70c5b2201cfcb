-- Whoever posts tells the stream by a statement of its own (ledger_tell_journals).

DROP TRIGGER journal_told;
