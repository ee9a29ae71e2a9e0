package api_test

import "testing"

func TestStreamSchema(t *testing.T) {
	b := start(t)
	b.want("POST", "/streams", sql(`CREATE STREAM s (a BIGINT, c STRUCT(x FLOAT), y ARRAY(STRING)) WITH (TYPE="memory", FORMAT="json")`), 201, "Stream s is created.")
	b.want("GET", "/streams/s/schema", "", 200, `{"a":{"type":"bigint","index":0},"c":{"type":"struct","properties":{"x":{"type":"float","index":0}},"index":0},"y":{"type":"array","items":{"type":"string","index":0},"index":0}}`+"\n")
	b.want("POST", "/streams", createDemo, 201, "Stream demo is created.")
	b.want("GET", "/streams/demo/schema", "", 200, "null\n")
	b.want("POST", "/rules", hot, 201, "Rule hot was created successfully.")
	b.want("GET", "/streams/demo/schema", "", 200, `{"t":null}`+"\n")
	b.refused("GET", "/streams/nope/schema", "", 400, 3000, "stream nope is not found")
}
