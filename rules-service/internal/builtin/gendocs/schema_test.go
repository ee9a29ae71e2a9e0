package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"sluice/rules-service/internal/builtin"
	"sluice/rules-service/internal/connector/edgex"
)

// The examples of all sinks, and the sample rules, are as the schema says.
func TestRuleSchema(t *testing.T) {
	s := compiled(t)
	r := builtin.Registry(edgex.Bus{})
	for _, name := range r.Sinks() {
		i, err := r.Sink(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := valid(s, fmt.Sprintf(`{"id":"r","sql":"SELECT 1","actions":[{%q:%s}]}`, name, i.Example)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := valid(s, `{"options":{"params":{"low":1,"name":"x","threshold":{"value":80,"from":"SELECT threshold FROM limits"}}}}`); err != nil {
		t.Error(err)
	}
	samples := 0
	for _, pattern := range []string{"../../../../box/samples/rules/*.json", "../../../samples/*/*.json"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(text), `"actions"`) {
				continue
			}
			samples++
			if err := valid(s, string(text)); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
	if samples < 4 {
		t.Errorf("only %d sample rules were found", samples)
	}
}

func TestRuleSchemaRefuses(t *testing.T) {
	s := compiled(t)
	for want, rule := range map[string]string{
		"/mqtt/topc': false schema":      `{"actions":[{"mqtt":{"server":"tcp://h:1883","topic":"a","topc":"a"}}]}`,
		"additional properties 'mqt'":    `{"actions":[{"mqt":{}}]}`,
		"missing property 'measurement'": `{"actions":[{"influx2":{"addr":"http://h","token":"t","org":"o","bucket":"b"}}]}`,
		"got object":                     `{"actions":[{"mqtt":{"server":"tcp://h:1883","topic":"a","qos":{}}}]}`,
		"got string, want array":         `{"actions":"mqtt"}`,
		"minProperties: got 0, want 1":   `{"actions":[{}]}`,
		"does not match pattern":         `{"id":"a b"}`,
		"missing property 'from'":        `{"options":{"params":{"threshold":{"value":80}}}}`,
		"got array, want null or":        `{"options":{"params":{"threshold":[80]}}}`,
	} {
		if err := valid(s, rule); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n got %v\nwant %s", rule, err, want)
		}
	}
}

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := ruleSchema(builtin.Registry(edgex.Bus{}))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("rule.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("rule.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func valid(s *jsonschema.Schema, text string) error {
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return err
	}
	return s.Validate(v)
}
