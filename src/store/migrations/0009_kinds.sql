-- Kinds that are rare (definitions of tools, elevations) are found without a look at the calls between them. Parts that were there before
-- have it from their next merge on; to have it at once: ALTER TABLE events MATERIALIZE INDEX kind_set.
ALTER TABLE events ADD INDEX IF NOT EXISTS kind_set kind TYPE set(8) GRANULARITY 4;
