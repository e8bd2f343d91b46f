-- One row per loan application from %(start)s to %(end)s, whole days, both included, with the applicant's records.
--
-- Every source column may be text, a number or a real time: numbers and words are made of what stands there where the
-- answer is read. No statement may stand beside this one, so no semicolon may stand in it.
--
-- Times may be written DD-MM-YYYY or YYYY-MM-DD, with or without HH:MM, seconds and fractions, in UTC or of no zone.
-- Days are looked up among those that exist, so that 31-02-2015 is no error: such a row is undated.
--
-- Rows are compared as the texts that stand there, byte by byte, whatever the database's collation is. The parts that
-- the contract names give the same answer: what changes here changes there.
with days as (
    select to_char(day, form) as written, day
    from
        generate_series(%(start)s::timestamp, %(end)s::timestamp, interval '1 day') as day,
        (values ('DD-MM-YYYY'), ('YYYY-MM-DD')) as forms (form)
),

-- The case hides the pattern from the planner, which would take it for rare and join a million rows in loops.
dated as (
    select
        loan_details.*,
        days.day
        + coalesce(nullif(substr(btrim(application_time::text), 12, 8), '')::interval, interval '0') as applied_at
    from loan_details
    join days on days.written = left(btrim(application_time::text), 10)
    where
        case
            when
                substr(btrim(application_time::text), 11)
                ~ '^([ T]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?(Z|[+-]00(:?00)?)?)?)?$'
                then days.day is not null
            else false
        end
),

-- The latest version of a loan inside the window wins. Ties are broken by the record itself, never by chance.
ranked as (
    select
        dated.*,
        row_number() over latest_first as place,
        rank() over latest_first as version
    from dated
    window latest_first as (
        partition by loan_id
        order by
            applied_at desc,
            loan_status::text collate "C",
            customer_id::text collate "C",
            current_loan_amount::text collate "C",
            term::text collate "C",
            tax_liens::text collate "C",
            purpose::text collate "C",
            no_of_properties::text collate "C"
    )
),

others as (
    select
        loan_id,
        count(*) filter (where version = 1) as repeats,
        count(*) filter (where version > 1) as older_versions
    from ranked
    where place > 1 and loan_id is not null
    group by loan_id
),

-- The records of the window's customers. Exact repeats of a record are one record; several are a conflict.
customers as (
    select
        record.*,
        count(*) over (partition by record.customer_id) as records
    from (
        select distinct
            customer_id::text as customer_id,
            home_ownership::text as home_ownership,
            annual_income::text as annual_income,
            years_in_current_job::text as years_in_current_job,
            months_since_last_delinquent::text as months_since_last_delinquent,
            no_of_cars::text as no_of_cars,
            no_of_children::text as no_of_children
        from customer_details
        where customer_id::text in (select customer_id::text from ranked)
    ) as record
),

credits as (
    select
        record.*,
        count(*) over (partition by record.customer_id) as records
    from (
        select distinct
            customer_id::text as customer_id,
            credit_score::text as credit_score,
            monthly_debt::text as monthly_debt,
            years_of_credit_history::text as years_of_credit_history,
            no_of_open_accounts::text as no_of_open_accounts,
            no_of_credit_problems::text as no_of_credit_problems,
            current_credit_balance::text as current_credit_balance,
            max_open_credit::text as max_open_credit,
            bankruptcies::text as bankruptcies
        from credit_details
        where customer_id::text in (select customer_id::text from ranked)
    ) as record
),

conflicts as (
    select customer_id from customers where records > 1
    union
    select customer_id from credits where records > 1
)

select
    loan.loan_id,
    loan.customer_id::text as customer_id,
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
    coalesce(others.repeats, 0) as loanwatch_repeats,
    coalesce(others.older_versions, 0) as loanwatch_older_versions,
    conflicts.customer_id is not null as loanwatch_is_ambiguous
from ranked as loan
left join others on others.loan_id = loan.loan_id
left join conflicts on conflicts.customer_id = loan.customer_id::text
left join customers as customer on customer.customer_id = loan.customer_id::text and conflicts.customer_id is null
left join credits as credit on credit.customer_id = loan.customer_id::text and conflicts.customer_id is null
-- Rows without a loan's name are not versions of one another.
where loan.place = 1 or loan.loan_id is null
order by loan.applied_at, loan.loan_id::text collate "C", loan.place
