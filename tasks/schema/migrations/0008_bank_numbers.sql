-- A window's numbers in the bank's terms (PSI of the score, KS, Gini), for the history. Information: no verdict rests on
-- them. Runs before this step have none.
alter table loanwatch.run add column bank jsonb;
