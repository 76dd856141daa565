ALTER TABLE review_policy DROP COLUMN seeded_share;
DROP TABLE seeded_answers;
DROP TABLE seeded_values;
