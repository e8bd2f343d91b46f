delete from loanwatch.backfill_window where contract = :contract and updated_at < :before and state = 'finished'
