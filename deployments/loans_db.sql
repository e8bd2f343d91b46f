-- The roles of a new loans-db: `lender` owns the lender's tables, which lie in the schema public; `loanwatch` has the
-- least rights that SECURITY.md lists. PostgreSQL's image runs this once, as the administrator.
\set lender_password `cat /run/secrets/lender_password`
\set loanwatch_password `cat /run/secrets/loans_db_password`

revoke all on database :"DBNAME" from public;
revoke all on schema public from public;

create role loanwatch login password :'loanwatch_password';
create schema loanwatch authorization loanwatch;
grant connect, temporary on database :"DBNAME" to loanwatch;
grant usage on schema public to loanwatch;

-- A member of loanwatch, so that `flows.load --replace` can write into the ledger that the champion retires.
create role lender login password :'lender_password' in role loanwatch;
grant connect, temporary on database :"DBNAME" to lender;
grant usage, create on schema public to lender;
alter default privileges for role lender in schema public grant select on tables to loanwatch;
