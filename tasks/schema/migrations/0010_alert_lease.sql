-- Which process is posting a message, and until when it alone may: a process that died holds it no longer than that.
alter table loanwatch.alert add column leased_by text, add column leased_until timestamptz;
