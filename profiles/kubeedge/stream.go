package kubeedge

import (
	"fmt"
	"strings"

	"sluice/sqlengine/syntax"
)

// datasource is the topic that app services publish a rules engine's events on.
const datasource = "rules-events"

// columnTypes are the types of columns by value types; others are those of
// properties.
var columnTypes = map[Type]string{Int: "BIGINT", Float: "FLOAT", Double: "FLOAT", String: "STRING", Boolean: "BOOLEAN", Bytes: "BYTEA"}

// define makes the stream of a device, and the rules that send its
// values to where the device says.
func (c *conversion) define() {
	var columns []string
	for i := range c.parts {
		p := &c.parts[i]
		for _, r := range p.resources {
			columns = append(columns, syntax.Quote(r.Name)+" "+columnType(p.property.Type, r.Properties.ValueType))
		}
	}
	c.result.Streams = append(c.result.Streams, Definition{Name: c.stream, From: c.device.Place,
		SQL: fmt.Sprintf("CREATE STREAM %s (%s) WITH (TYPE=\"edgex\", DATASOURCE=%q, FORMAT=\"JSON\");", c.stream, strings.Join(columns, ", "), datasource)})
	for i := range c.parts {
		p := &c.parts[i]
		if p.wantsRules() {
			p.rules()
		}
	}
}

// columnType is the type of a column. An integer with a scale is none to EdgeX.
func columnType(t Type, valueType string) string {
	switch valueType {
	case "Float32", "Float64":
		return "FLOAT"
	case "Bool":
		return "BOOLEAN"
	}
	return columnTypes[t]
}

// streamName is the name of a device with nothing that would have to be
// quoted, and that no other device has.
func (c *conversion) streamName() string {
	name := identifier(c.name)
	for unique, n := name, 2; ; n++ {
		if !c.names[strings.ToLower(unique)] {
			c.names[strings.ToLower(unique)] = true
			return unique
		}
		unique = fmt.Sprintf("%s_%d", name, n)
	}
}

// identifier turns a name into one of letters, digits and underlines.
func identifier(name string) string {
	var b strings.Builder
	for _, r := range name {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '_', r >= '0' && r <= '9':
			b.WriteRune(r)
		default:
			b.WriteByte('_')
		}
	}
	if s := b.String(); syntax.Quote(s) == s && s != "" {
		return s
	}
	return "device_" + b.String() // begins with a digit, or is a word of the language
}
