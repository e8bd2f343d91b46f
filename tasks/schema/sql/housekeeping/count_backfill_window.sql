select count(*) from loanwatch.backfill_window where contract = :contract
