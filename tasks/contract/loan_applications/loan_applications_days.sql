-- A part of loan_applications.sql: every version of a loan from %(start)s to %(end)s, for a few days of a large window.
--
-- The reader looks at the times once more. Rows without a time that can be read are counted by
-- loan_applications_undated.sql; loan_applications_loans.sql returns them too, for which it looks at every other row.
with days as (
    select to_char(day, form) as written
    from
        generate_series(%(start)s::timestamp, %(end)s::timestamp, interval '1 day') as day,
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
where (left(btrim(application_time::text), 10) in (select written from days)) is true
