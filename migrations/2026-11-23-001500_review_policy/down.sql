DROP INDEX review_queue_lot;
DROP FUNCTION gapdeck_lot(text, text, text);
DROP TABLE review_policy;
