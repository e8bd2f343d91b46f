-- The columns of a relation and their types, in order.
select
    attname as name,
    format_type(atttypid, null) as type
from pg_attribute
where attrelid = cast(:relation as regclass) and attnum > 0 and not attisdropped
order by attnum
