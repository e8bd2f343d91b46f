-- How many rows of the table have no time that can be read, and how many each day has: a JSON object of days and rows.
-- Times are written as loan_applications.sql says; %(start)s and %(end)s are the first and last day that can be meant.
with days as (
    select to_char(day, form) as written, day::date as day
    from
        generate_series(%(start)s::timestamp, %(end)s::timestamp, interval '1 day') as day,
        (values ('DD-MM-YYYY'), ('YYYY-MM-DD')) as forms (form)
),

-- Few days are written in many rows: each is looked up once.
written as (
    select
        left(btrim(application_time::text), 10) as day,
        substr(btrim(application_time::text), 11)
        ~ '^([ T]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?(Z|[+-]00(:?00)?)?)?)?$' as is_time,
        count(*) as rows
    from loan_details
    group by 1, 2
),

held as (
    select
        days.day,
        sum(written.rows) as rows
    from written
    left join days on days.written = written.day and written.is_time
    group by days.day
)

select
    coalesce(sum(held.rows) filter (where held.day is null), 0) as undated,
    coalesce(jsonb_object_agg(held.day, held.rows) filter (where held.day is not null), '{}') as days
from held
