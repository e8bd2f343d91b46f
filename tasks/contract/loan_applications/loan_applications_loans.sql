-- A part of loan_applications.sql: every version of a loan from %(start)s to %(end)s, and every row without a time that
-- can be read. The reader looks at the times once more, so that the rows of the window need no pattern here, and days of
-- uncommon years no place among `other_days`: making all that can be meant takes longer than to read such rows.
--
-- The case lets the planner expect few rows, and share a large table among several processes.
--
-- Of versions at the same time the first counts, by the columns in this order.
with days as (
    select to_char(day, form) as written
    from
        generate_series(%(start)s::timestamp, %(end)s::timestamp, interval '1 day') as day,
        (values ('DD-MM-YYYY'), ('YYYY-MM-DD')) as forms (form)
),

other_days as (
    select to_char(day, form) as written
    from
        generate_series(timestamp '1990-01-01', timestamp '2049-12-31', interval '1 day') as day,
        (values ('DD-MM-YYYY'), ('YYYY-MM-DD')) as forms (form)
)

select
    loan_id,
    application_time,
    loan_status,
    customer_id::text as customer_id,
    current_loan_amount,
    term,
    tax_liens,
    purpose,
    no_of_properties
from loan_details
where
    case
        when left(btrim(application_time::text), 10) in (select written from days) then 'in the window'
        when
            substr(btrim(application_time::text), 11)
            ~ '^([ T]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?(Z|[+-]00(:?00)?)?)?)?$'
            and left(btrim(application_time::text), 10) in (select written from other_days)
            then 'in another one'
        else 'undated'
    end in ('in the window', 'undated')
