select obj_description(to_regclass(:table), 'pg_class')
