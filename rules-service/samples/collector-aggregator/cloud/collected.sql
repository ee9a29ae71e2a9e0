CREATE STREAM collected (node STRING, topic STRING, begin BIGINT, n BIGINT, mean FLOAT, highest FLOAT) WITH (TYPE="mqtt", DATASOURCE="collect/+", FORMAT="json",
  EXTRA="{\"server\": \"tcp://127.0.0.1:1883\", \"clientid\": \"aggregator\", \"enableClientSession\": true, \"qos\": 1}");
