-- How is Student's t computed from the normal quantile z? t = z + first / v + second / v^2 + third / v^3 + fourth / v^4
-- at v degrees of freedom. Source: the expansion of Cornish and Fisher, Abramowitz and Stegun 26.7.5 (with the fourth
-- term).
-- Grain: one row.
SELECT
  z,
  (POW(z, 3) + z) / 4 AS first,
  (5 * POW(z, 5) + 16 * POW(z, 3) + 3 * z) / 96 AS second,
  (3 * POW(z, 7) + 19 * POW(z, 5) + 17 * POW(z, 3) - 15 * z) / 384 AS third,
  (79 * POW(z, 9) + 776 * POW(z, 7) + 1482 * POW(z, 5) - 1920 * POW(z, 3) - 945 * z) / 92160 AS fourth
FROM ci_metrics.evaluation_settings
