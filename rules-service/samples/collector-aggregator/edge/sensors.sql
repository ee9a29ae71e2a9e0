-- All sensors of the line, each on a topic of its own: {"value": 81.5, "ts": 1700000000000}.
-- The session makes the node's broker keep what comes while the collector is down.
CREATE STREAM sensors (value FLOAT, ts BIGINT) WITH (TYPE="mqtt", DATASOURCE="line/+/+", FORMAT="json", TIMESTAMP="ts",
  EXTRA="{\"server\": \"tcp://127.0.0.1:1884\", \"clientid\": \"collector\", \"enableClientSession\": true, \"qos\": 1}");
