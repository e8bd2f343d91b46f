-- The last row that took a champion out of production and put nothing in its place: what stands before it belonged to
-- other data.
select coalesce(max(entry), 0) from loanwatch.promotion where contract = :contract and to_version is null
