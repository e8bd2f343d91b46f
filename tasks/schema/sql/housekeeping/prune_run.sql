delete from loanwatch.run where contract = :contract and finished_at < :before
