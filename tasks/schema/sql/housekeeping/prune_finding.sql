delete from loanwatch.finding where contract = :contract and created_at < :before
