select row_hash from loanwatch.promotion where contract = :contract order by entry desc limit 1
