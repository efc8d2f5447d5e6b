-- The few functions and types of GoogleSQL that DuckDB lacks or types otherwise, so that the files in ci_metrics/ run
-- on both unchanged.
CREATE OR REPLACE TYPE FLOAT64 AS DOUBLE;
CREATE OR REPLACE MACRO SAFE_DIVIDE(x, y) AS CASE WHEN y = 0 THEN NULL ELSE x / y END;
CREATE OR REPLACE MACRO DIV(x, y) AS x // y;
CREATE OR REPLACE MACRO LOGICAL_OR(x) AS BOOL_OR(x);
CREATE OR REPLACE MACRO UNIX_MILLIS(x) AS epoch_ms(x);
CREATE OR REPLACE MACRO TIMESTAMP_SECONDS(x) AS to_timestamp(x);
CREATE OR REPLACE MACRO COUNTIF(x) AS COUNT(CASE WHEN x THEN 1 END);
-- After FROM UNNEST(list) AS item, item is the element in GoogleSQL; in DuckDB it is a struct whose only field is "unnest".
CREATE OR REPLACE MACRO unnested_text(item) AS CASE
  WHEN typeof(item) LIKE 'STRUCT%' THEN CAST(item AS STRUCT("unnest" VARCHAR))."unnest" ELSE CAST(item AS VARCHAR)
END;
-- What is no JSON has no values. Only the branches of a CASE are sure to be left alone: AND may try its right side first.
-- What came out of a list of JSON is known to be JSON.
CREATE OR REPLACE MACRO is_json(item) AS CASE WHEN typeof(item) LIKE 'STRUCT%' THEN TRUE ELSE json_valid(unnested_text(item)) END;
CREATE OR REPLACE MACRO json_list(json) AS CASE
  WHEN json_type(json) = 'ARRAY' THEN CAST(json_extract(json, '$[*]') AS VARCHAR[])
END;
CREATE OR REPLACE MACRO JSON_QUERY_ARRAY(json) AS CASE WHEN is_json(json) THEN json_list(unnested_text(json)) END,
  (json, path) AS CASE WHEN is_json(json) THEN json_list(json_extract(unnested_text(json), path)) END;
CREATE OR REPLACE MACRO JSON_QUERY(json, path) AS
  CASE WHEN is_json(json) THEN CAST(json_extract(unnested_text(json), path) AS VARCHAR) END;
CREATE OR REPLACE MACRO json_scalar(json, path) AS CASE
  WHEN json_type(json, path) NOT IN ('OBJECT', 'ARRAY') THEN json_extract_string(json, path)
END;
-- DuckDB's own keeps the quotes of a string.
CREATE OR REPLACE MACRO JSON_VALUE(json, path) AS CASE WHEN is_json(json) THEN json_scalar(unnested_text(json), path) END;
-- DuckDB's own gives the whole match unless it is told the group.
CREATE OR REPLACE MACRO REGEXP_EXTRACT_ALL(text, pattern) AS system.main.regexp_extract_all(text, pattern, 1);
