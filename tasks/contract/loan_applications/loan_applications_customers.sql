-- A part of loan_applications.sql: the records of those who applied from %(start)s to %(end)s; others would do no harm.
--
-- "is true" lets the server look each row's day up, which takes it half the time that a join with the days does.
with days as (
    select to_char(day, form) as written
    from
        generate_series(%(start)s::timestamp, %(end)s::timestamp, interval '1 day') as day,
        (values ('DD-MM-YYYY'), ('YYYY-MM-DD')) as forms (form)
)

select
    customer_id::text as customer_id,
    home_ownership::text as home_ownership,
    annual_income::text as annual_income,
    years_in_current_job::text as years_in_current_job,
    months_since_last_delinquent::text as months_since_last_delinquent,
    no_of_cars::text as no_of_cars,
    no_of_children::text as no_of_children
from customer_details
where
    customer_id::text in (
        select customer_id::text
        from loan_details
        where (left(btrim(application_time::text), 10) in (select written from days)) is true
    )
