-- Tables and views of anybody, in any schema but our own.
select count(*)
from pg_class
join pg_namespace on pg_namespace.oid = pg_class.relnamespace
where relkind in ('r', 'p', 'v', 'm', 'f')
  and nspname not in ('information_schema', 'loanwatch')
  and nspname !~ '^pg_'
