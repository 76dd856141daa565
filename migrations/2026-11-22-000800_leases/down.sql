DROP TABLE review_leases;
