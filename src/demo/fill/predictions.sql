INSERT INTO prediction_results (product_key, attribute_key, experiment_key, value, confidence, reasoning, is_correct,
                                decision_id, created_at)
SELECT g.product_key, g.attribute_key, e.experiment_key, proposed.value,
       round((CASE WHEN proposed.is_right THEN 1 - u ^ 2 * (0.05 + 0.75 * g.hardness) ELSE 0.15 + 0.8 * u * (1 - 0.5 * g.hardness) END)
             ::numeric, 3),
       CASE WHEN e.reasons THEN 'The texts of ' || g.product_key || ' point to ' || proposed.value || '.' END,
       CASE WHEN action IN ('accept', 'override') THEN proposed.is_right WHEN action IN ('reject', 'not_applicable') THEN false END,
       CASE WHEN action NOT IN ('defer', 'flag') THEN md5('decision ' || g.gap)::uuid END,
       e.began + pg_temp.made_up_share(g.product, 30 + e.experiment) * e.days * interval '1 day'
  FROM pg_temp.made_up_gaps($1, $2, $3) AS g
  JOIN made_up_experiment e ON pg_temp.made_up_share(g.gap, 40 + e.experiment) < e.coverage
 CROSS JOIN LATERAL (SELECT pg_temp.made_up_action(g.gap), pg_temp.made_up_share(g.gap, 60 + e.experiment),
                            pg_temp.made_up_share(g.gap, 50 + e.experiment) < e.skill * (1 - 0.5 * g.hardness)) AS one (action, u, hit)
 CROSS JOIN LATERAL (SELECT g.choices[1 + c], c = g.right_choice
                       FROM (SELECT CASE WHEN hit THEN g.right_choice
                                         ELSE (g.right_choice + 1 + floor(u * (cardinality(g.choices) - 1))::int)
                                              % cardinality(g.choices) END) AS chosen (c)) AS proposed (value, is_right)
