DROP FUNCTION gapdeck_queue_sync(text, text, boolean);
