-- 1: has not paid for too long; it may read and open, and make nothing new.
ALTER TABLE tenants ADD COLUMN limited INTEGER NOT NULL DEFAULT 0;
