select request_no::text, asked_at, answer, yearly_salary, wanted_limit, months_as_client, channel, rating, age_band
from card_request
where asked_at >= %(start)s and asked_at < %(end)s::date + 1
