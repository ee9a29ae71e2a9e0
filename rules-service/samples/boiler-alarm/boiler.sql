CREATE STREAM boiler (device STRING, hall STRING, temperature FLOAT, ts BIGINT) WITH (TYPE="mqtt", DATASOURCE="plant/boiler", FORMAT="json",
  EXTRA="{\"server\": \"tcp://127.0.0.1:1883\"}");
