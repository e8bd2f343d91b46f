-- The type of a table's column; no row where there is none.
select format_type(atttypid, null)
from pg_attribute
where attrelid = to_regclass(:table) and attname = :column and not attisdropped
