CREATE STREAM boilers () WITH (TYPE = "edgex", FORMAT = "json", SHARED = "true");
