INSERT INTO human_recommendations (product_key, decision_id, attribute_key, reviewer, action, value, comment, base_version,
                                   result_version, shown_value, policy, seconds, seen, decided_at, recorded_at)
SELECT product_key, md5('decision ' || gap)::uuid, attribute_key,
       (ARRAY['ada', 'bilal', 'chiara', 'dmitri', 'esra', 'farid', 'greta', 'hiro', 'ines', 'jonas', 'keiko', 'luis'])
           [1 + floor(pg_temp.made_up_share(gap, 22) ^ 2 * 12)::int],
       action, CASE WHEN action IN ('accept', 'override') THEN choices[1 + right_choice] END,
       CASE WHEN action = 'flag' THEN 'The texts contradict each other.' END, 0, 1, choices[1 + right_choice], 'queue',
       round((2 + 40 * pg_temp.made_up_share(gap, 23) ^ 3)::numeric, 1), '{}', t, t
  FROM pg_temp.made_up_gaps($1, $2, $3)
 CROSS JOIN LATERAL (SELECT pg_temp.made_up_action(gap),
                            timestamptz '2026-07-01 00:00Z' + pg_temp.made_up_share(gap, 24) * interval '60 days') AS made (action, t)
 WHERE action IS NOT NULL
