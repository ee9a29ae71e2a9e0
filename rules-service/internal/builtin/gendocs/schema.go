package main

import (
	"encoding/json"

	"sluice/rules-service/internal/connector"
)

// schema is a JSON schema, draft 2020-12.
type schema map[string]any

// ruleSchema describes rules with the properties of all their actions, for
// editors; below $defs it has the properties of sources and lookup tables, too.
func ruleSchema(r *connector.Registry) ([]byte, error) {
	defs := schema{"everySink": properties(connector.SinkFields()), "everySource": properties(connector.SourceFields()), "everyLookup": properties(connector.LookupFields())}
	sinks := schema{}
	for _, name := range r.Sinks() {
		i, err := r.Sink(name)
		if err != nil {
			return nil, err
		}
		defs["sink."+name] = connectorSchema(i.Summary, i.Fields, "everySink")
		sinks[name] = schema{"$ref": "#/$defs/sink." + name}
	}
	for _, name := range r.Sources() {
		i, err := r.Source(name)
		if err != nil {
			return nil, err
		}
		defs["source."+name] = connectorSchema(i.Summary, i.Fields, "everySource")
	}
	for _, name := range r.Lookups() {
		i, err := r.Lookup(name)
		if err != nil {
			return nil, err
		}
		defs["lookup."+name] = connectorSchema(i.Summary, i.Fields, "everyLookup")
	}
	text, err := json.MarshalIndent(schema{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"title":   "Rule",
		"type":    "object",
		"properties": schema{
			"id":      schema{"type": "string", "pattern": "^[A-Za-z0-9_-]+$"},
			"sql":     schema{"type": "string"},
			"graph":   schema{"type": "object"},
			"options": schema{"type": "object", "properties": schema{"params": paramsSchema()}},
			"actions": schema{"type": "array", "items": schema{"type": "object", "minProperties": 1, "properties": sinks, "additionalProperties": false}},
		},
		"$defs": defs,
	}, "", " ")
	return append(text, '\n'), err
}

// paramsSchema describes the parameters of a query: values, or queries that set
// them.
func paramsSchema() schema {
	scalar := []string{"number", "string", "boolean", "null"}
	return schema{
		"description": "What $name stands for in the query.", "type": []string{"object", "null"},
		"additionalProperties": schema{"anyOf": []schema{{"type": scalar}, {
			"type": "object", "required": []string{"from"}, "additionalProperties": false,
			"properties": schema{
				"value": schema{"description": "It counts until the query yields its first row.", "type": scalar},
				"from":  schema{"description": "A query whose rows set the parameter while the rule runs: SELECT threshold FROM limits.", "type": "string"},
			},
		}}},
	}
}

// connectorSchema describes the properties of a connector: its own and those
// that all of its kind have. null asks for the defaults, as it does in rules.
func connectorSchema(summary string, own []connector.Field, common string) schema {
	s := properties(own)
	s["description"], s["type"] = summary, []string{"object", "null"}
	s["allOf"], s["unevaluatedProperties"] = []schema{{"$ref": "#/$defs/" + common}}, false
	return s
}

// properties describes an object that may have more than these.
func properties(fields []connector.Field) schema {
	all, required := schema{}, []string{}
	for i := range fields {
		f := &fields[i]
		for _, name := range append([]string{f.Name}, f.Aliases...) {
			all[name] = property(f)
		}
		if f.Required && len(f.Aliases) == 0 {
			required = append(required, f.Name)
		}
	}
	s := schema{"properties": all}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

func property(f *connector.Field) schema {
	s := schema{"description": f.Doc, "type": jsonTypes[f.Type]}
	if f.Default != "" {
		s["default"] = json.RawMessage(f.Default)
	}
	if f.Unsupported || f.Ignored {
		s["deprecated"] = true
	}
	if f.Reason != "" {
		s["description"] = f.Doc + " Without effect here: " + f.Reason + "."
	}
	return s
}

// jsonTypes are what is taken for a type of a property: forms send texts.
var jsonTypes = map[string][]string{
	"text":     {"string", "number", "boolean", "null"},
	"template": {"string", "number", "boolean", "null"},
	"secret":   {"string", "number", "boolean", "null"},
	"boolean":  {"boolean", "integer", "string", "null"},
	"integer":  {"integer", "string", "null"},
	"number":   {"number", "string", "null"},
	"duration": {"number", "string", "null"},
	"list":     {"array", "object", "string", "number", "boolean", "null"},
	"object":   {"object", "string", "null"},
}
