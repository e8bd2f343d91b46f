-- One row per loan application from %(start)s to %(end)s, whole days, both included, with the applicant's records.
--
-- Every source column may be text, a number or a real time: numbers and words are made of what stands there where the
-- answer is read. No statement may stand beside this one, so no semicolon may stand in it.
--
-- Times may be written DD-MM-YYYY or YYYY-MM-DD, with or without HH:MM, seconds and fractions, in UTC or of no zone.
-- They are looked up among the days and minutes that exist, so that 31-02-2015 is no error: such a row is undated.
with days as (
    select to_char(day, form) as written, day
    from
        generate_series(%(start)s::timestamp, %(end)s::timestamp, interval '1 day') as day,
        (values ('DD-MM-YYYY'), ('YYYY-MM-DD')) as forms (form)
),

minutes as (
    select separator || to_char(timestamp 'epoch' + minute, 'HH24:MI') as written, minute
    from
        generate_series(0, 1439) as number,
        make_interval(mins => number) as minute,
        (values (' '), ('T')) as separators (separator)
    union all
    select '', interval '0'
),

written as (
    select loan_details.*, btrim(application_time::text) as stated
    from loan_details
),

dated as (
    select
        written.*,
        days.day
        + minutes.minute
        + make_interval(secs => coalesce(substring(substr(stated, 17) from '^:(\d\d)')::int, 0)) as applied_at
    from written
    join days on days.written = left(stated, 10)
    join minutes on minutes.written = substr(stated, 11, 6)
    where substr(stated, 17) = '' or substr(stated, 17) ~ '^:[0-5]\d(\.\d+)?(Z|[+-]00(:?00)?)?$'
),

-- The latest version of a loan inside the window wins. Ties are broken by the record itself, never by chance.
ranked as (
    select
        dated.*,
        row_number() over latest_first as place,
        count(*) over (latest_first range between current row and current row) - 1 as repeats,
        count(*) over (partition by loan_id) as rows_of_loan
    from dated
    window latest_first as (
        partition by loan_id
        order by
            applied_at desc, loan_status, customer_id, current_loan_amount, term, tax_liens, purpose, no_of_properties
    )
),

applications as materialized (
    select ranked.*, rows_of_loan - 1 - repeats as older_versions
    from ranked
    where place = 1
),

applicants as (
    select distinct customer_id::text as customer_id
    from applications
),

-- One row per customer of the window. Exact repeats of a record are one record; several records are a conflict.
customers as (
    select distinct details.*
    from customer_details as details
    where details.customer_id::text in (select customer_id from applicants)
),

credits as (
    select distinct details.*
    from credit_details as details
    where details.customer_id::text in (select customer_id from applicants)
),

conflicts as (
    select customer_id::text as customer_id from customers group by 1 having count(*) > 1
    union
    select customer_id::text from credits group by 1 having count(*) > 1
)

select
    loan.loan_id,
    loan.customer_id,
    loan.applied_at as application_time,
    loan.loan_status,
    loan.current_loan_amount,
    loan.term,
    loan.tax_liens,
    loan.purpose,
    loan.no_of_properties,
    customer.home_ownership,
    customer.annual_income,
    customer.years_in_current_job,
    customer.months_since_last_delinquent,
    customer.no_of_cars,
    customer.no_of_children,
    credit.credit_score,
    credit.monthly_debt,
    credit.years_of_credit_history,
    credit.no_of_open_accounts,
    credit.no_of_credit_problems,
    credit.current_credit_balance,
    credit.max_open_credit,
    credit.bankruptcies,
    loan.repeats as loanwatch_repeats,
    loan.older_versions as loanwatch_older_versions,
    conflicts.customer_id is not null as loanwatch_is_ambiguous
from applications as loan
left join conflicts on conflicts.customer_id = loan.customer_id::text
left join customers as customer on customer.customer_id::text = loan.customer_id::text and conflicts.customer_id is null
left join credits as credit on credit.customer_id::text = loan.customer_id::text and conflicts.customer_id is null
order by loan.applied_at, loan.loan_id
