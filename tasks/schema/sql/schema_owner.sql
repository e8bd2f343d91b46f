-- The role as it stands in SQL, quoted where it has to be.
select quote_ident(rolname)
from pg_namespace
join pg_roles on pg_roles.oid = nspowner
where nspname = 'loanwatch' and rolname <> current_user and pg_has_role(nspowner, 'member')
