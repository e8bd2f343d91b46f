-- Shared, as a job may have several processes; it ends with the connection.
select pg_advisory_lock_shared(hashtextextended('loanwatch.job/' || :job_id, 0))
