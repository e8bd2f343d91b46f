delete from loanwatch.mljob where contract = :contract and created_at < :before
