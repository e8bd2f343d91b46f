-- One process at a time brings the schema up to date. Released with the transaction.
select pg_advisory_xact_lock(hashtext('loanwatch.migration'));
