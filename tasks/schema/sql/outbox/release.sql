update loanwatch.alert set leased_by = null, leased_until = null where leased_by = :holder
