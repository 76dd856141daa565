DROP INDEX review_queue_group;
