-- A relation by its name as a person writes it: exactly, or as SQL reads it. Views and foreign tables count, too.
select
    format('%I.%I', nspname, relname) as relation,
    relname as name
from pg_class
join pg_namespace on pg_namespace.oid = relnamespace
where
    relkind in ('r', 'p', 'v', 'm', 'f')
    and pg_class.oid = coalesce(to_regclass(:exact), to_regclass(:written))
