package kubeedge

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"sluice/sqlengine/syntax"
)

// defaultTopic is where time series go unless the device says otherwise.
const defaultTopic = "$ke/events/device/+/data/update"

// wantsRules tells whether the values of a property go anywhere.
func (p *part) wantsRules() bool {
	wanted := p.setting.Push != nil || p.setting.Data != nil || p.sampled()
	switch {
	case !wanted || len(p.resources) == 0:
		return false
	case p.command != nil:
		p.warn("it is several resources: no rules are made for it")
		return false
	}
	return true
}

// sampled tells whether the cloud wants only the last of several values. From
// v1beta1 on the device says whether it wants any.
func (p *part) sampled() bool {
	if p.report <= p.collect || p.source() == "" {
		return false
	}
	if p.setting.ReportToCloud != nil {
		return *p.setting.ReportToCloud
	}
	return p.device.Version != V1Beta1
}

// rules makes the rules of a property.
func (p *part) rules() {
	text := p.text()
	if p.sampled() {
		p.rule("report", text, p.twinAction())
	}
	if p.setting.Data != nil {
		p.rule("data", text, p.dataAction())
	}
	for _, a := range p.pushActions() {
		p.rule(a.name, syntax.Quote(p.resources[0].Name), a)
	}
}

// text is the value as the text that twins have. An integer is one there even
// if a scale has made a fraction of it, or if it is a coil: edgecore refuses
// others, and mappers cut the fraction off.
func (p *part) text() string {
	value := syntax.Quote(p.resources[0].Name)
	if kind := p.resources[0].Properties.ValueType; p.property.Type == Int && (kind == "Bool" || strings.HasPrefix(kind, "Float")) {
		value = "cast(" + value + ", \"bigint\")"
	}
	return "cast(" + value + ", \"string\")"
}

// action is where a rule sends its results, and the columns it wants.
type action struct {
	name       string
	typ        string
	properties map[string]any
	value      string // name of the column with the value; "" for value
	bare       bool   // no columns but value and time
}

// rule makes a rule of the values of a property; those of a longer cycle than
// the one of collecting are the last ones of each such time.
func (p *part) rule(name, value string, a action) {
	column := a.value
	if column == "" {
		column = "value"
	}
	head, at, tail := "", "event_time()", ""
	if !a.bare {
		head = fmt.Sprintf("%s AS device, %s AS property, ", quoted(p.name), quoted(p.property.Name))
	}
	if p.report > p.collect && name != "data" {
		value, at = "last_value("+value+", true)", "window_end()"
		tail = fmt.Sprintf(" GROUP BY TUMBLINGWINDOW(ms, %d) HAVING count(*) > 0", p.report.Milliseconds())
	}
	sql := fmt.Sprintf("SELECT %s%s AS %s, %s AS timestamp FROM %s WHERE meta(deviceName) = %s AND isnull(%s) = false%s",
		head, value, syntax.Quote(column), at, p.stream, quoted(p.name), syntax.Quote(p.resources[0].Name), tail)
	p.result.Rules = append(p.result.Rules, Rule{
		ID: p.ruleID(name), SQL: sql, Actions: []map[string]any{{a.typ: a.properties}}, From: p.device.Place,
	})
}

// ruleNames are what the ids of the rules of a property end in.
var ruleNames = []string{"report", "data", "mqtt", "http", "influx2", "redis", "sql"}

func (p *part) ruleID(name string) string { return ruleID(p.stream, p.resources[0].Name, name) }

func ruleID(stream, resource, name string) string {
	return stream + "_" + strings.TrimPrefix(identifier(resource), "device_") + "_" + name
}

// quoted is a text of SQL.
func quoted(s string) string { return strconv.Quote(s) }

// twinAction reports a value to the cloud as a mapper does.
func (p *part) twinAction() action {
	return p.publish("$hw/events/device/"+p.deviceID()+"/twin/update",
		`{"event_id":"","timestamp":{{.timestamp}},"twin":{%s:{"actual":{"value":{{json .value}},"metadata":{"timestamp":{{.timestamp}}}},"metadata":{"type":%s}}}}`)
}

// dataAction publishes a value of a time series as a mapper does.
func (p *part) dataAction() action {
	topic := p.device.DataTopic
	if topic == "" {
		topic = defaultTopic
	}
	return p.publish(strings.ReplaceAll(topic, "+", p.device.Name), // which mappers take as the id
		`{"event_id":"","timestamp":{{.timestamp}},"data":{%s:{"value":{{json .value}},"metadata":{"timestamp":{{.timestamp}},"type":%s}}}}`)
}

// publish is an action on the broker at the edge.
func (p *part) publish(topic, template string) action {
	return action{typ: "mqtt", bare: true, properties: map[string]any{
		"server": p.options.Broker, "topic": topic, "qos": 1, "sendSingle": true,
		"dataTemplate": fmt.Sprintf(template, jsonText(p.property.Name), jsonText(p.twinType())),
	}}
}

// jsonText is a text of JSON within a template.
func jsonText(s string) string {
	b, err := json.Marshal(strings.ReplaceAll(s, "{{", "{"))
	if err != nil {
		return `""`
	}
	return string(b)
}

// twinType is the type that edgecore knows a property by; it refuses double.
func (p *part) twinType() string {
	switch p.property.Type {
	case Int:
		return "int"
	case Float, Double:
		return "float"
	case Boolean:
		return "boolean"
	}
	return "string"
}

// deviceID is what topics at the edge call the device.
func (c *conversion) deviceID() string {
	if c.device.Version == V1Beta1 {
		return c.device.namespace() + "/" + c.device.Name
	}
	return c.device.Name
}
