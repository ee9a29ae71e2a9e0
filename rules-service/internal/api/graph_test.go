package api_test

import (
	"strings"
	"testing"
)

// A graph runs as a rule does, and is returned as it was sent.
func TestGraphRule(t *testing.T) {
	b := withDemo(t)
	rule := `{ "id":"g", "graph":{"nodes":{
		"demo":{"type":"source","nodeType":"memory","props":{"sourceName":"demo","sourceType":"stream"},"ui":{"x":1}},
		"twice":{"type":"operator","nodeType":"function","props":{"expr":"t * 2 AS u"}},
		"high":{"type":"operator","nodeType":"filter","props":{"expr":"u > 10"}},
		"pick":{"type":"operator","nodeType":"pick","props":{"fields":["u"]}},
		"out":{"type":"sink","nodeType":"memory","props":{"sendSingle":true}}},
		"topo":{"sources":["demo"],"edges":{"demo":["twice"],"twice":["high"],"high":["pick"],"pick":["out"]}}} }`
	b.want("POST", "/rules", rule, 201, "Rule g was created successfully.")
	b.want("GET", "/rules/g", "", 200, rule)
	b.Send(t, `{"t":5}`, `{"t":6}`)
	b.Want(t, `{"u":12}`)
	b.WantNothing(t)
	b.refused("POST", "/rules", strings.Replace(strings.Replace(rule, `"g"`, `"h"`, 1), `"filter"`, `"script"`, 1), 400, 1000, `graph: node "high" is a script; scripts are not run here`)
}

// Behind a switch each sink gets its rows alone.
func TestSwitch(t *testing.T) {
	b := withDemo(t)
	rule := `{"id":"g","graph":{"nodes":{
		"demo":{"type":"source","nodeType":"memory","props":{"sourceName":"demo"}},
		"sw":{"type":"operator","nodeType":"switch","props":{"cases":["t > 10","t > 5"],"stopAtFirstMatch":true}},
		"hot":{"type":"sink","nodeType":"memory","props":{"dataTemplate":"hot {{.t}}","sendSingle":true}},
		"warm":{"type":"sink","nodeType":"memory","props":{"sendSingle":true}}},
		"topo":{"sources":["demo"],"edges":{"demo":["sw"],"sw":[["hot"],["warm"]]}}}}`
	b.want("POST", "/rules", rule, 201, "Rule g was created successfully.")
	b.Send(t, `{"t":1,"a":null}`, `{"t":7,"a":null}`, `{"b":1}`)
	b.Want(t, `{"a":null,"t":7}`)
	b.Send(t, `{"t":11}`)
	b.Want(t, `hot 11`)
	b.WantNothing(t)
}

func TestInlineSourceHasTheNameOfItsNode(t *testing.T) {
	b := withDemo(t)
	b.want("POST", "/rules", `{"id":"g","graph":{"nodes":{"in":{"type":"source","nodeType":"memory","props":{"datasource":"x"}},"out":{"type":"sink","nodeType":"memory"}},
		"topo":{"sources":["in"],"edges":{"in":["out"]}}}}`, 201, "Rule g was created successfully.")
	b.want("GET", "/rules/g/topo", "", 200, `{"sources":["source_in"],"edges":{"op_1_project":["sink_memory_0"],"source_in":["op_1_project"]}}`+"\n")
	if _, text, _ := b.Call(t, "GET", "/rules/g/status", ""); !strings.Contains(text, `"source_in_0_records_in_total":0,`) {
		t.Error(text)
	}
}
