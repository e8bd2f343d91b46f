-- One promotion at a time for each contract; the lock ends with the transaction.
select pg_advisory_xact_lock(hashtext('loanwatch.promotion'), hashtext(:contract))
