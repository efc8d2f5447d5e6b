-- The few functions of GoogleSQL that DuckDB lacks or types otherwise, so that the files in ci_metrics/ run on
-- both unchanged.
CREATE OR REPLACE MACRO SAFE_DIVIDE(x, y) AS CASE WHEN y = 0 THEN NULL ELSE x / y END;
CREATE OR REPLACE MACRO LOGICAL_OR(x) AS BOOL_OR(x);
CREATE OR REPLACE MACRO COUNTIF(x) AS COUNT(CASE WHEN x THEN 1 END);
