select count(*) from loanwatch.alert where state = 'pending'
