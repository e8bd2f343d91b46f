-- Texts as COPY brings them; the table ends with the transaction.
create temporary table scored (loan_id text, probability double precision, decision text) on commit drop
