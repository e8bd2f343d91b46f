-- The first key of every index of a table: '' where it has none, null where there is no such table.
select coalesce(pg_get_indexdef(indexrelid, 1, true), case when to_regclass(:table) is not null then '' end)
from (select to_regclass(:table) as relation) as asked
left join pg_index on pg_index.indrelid = asked.relation and pg_index.indisvalid and pg_index.indpred is null
