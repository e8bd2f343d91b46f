select max(recorded_at) as recorded_at from loanwatch.promotion where contract = :contract and to_version is not null
