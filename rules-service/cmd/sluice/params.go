package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// paramsCmd shows the parameters of a rule, and sets them.
type paramsCmd struct {
	Rule   string   `arg:"" help:"A rule of the service."`
	Values []string `arg:"" optional:"" name:"value" help:"What to set: NAME=VALUE, a number, true, false, null for the value of the definition, or a text, in double quotes where it looks like one of these."`
}

// paramShown is a parameter as the service tells it.
type paramShown struct {
	Value         json.RawMessage
	Origin, From  string
	Since         int64
	Rows, Refused uint64
	LastRefusal   string
}

// Run sets the values, all of them or none, and shows all parameters.
func (c *paramsCmd) Run(s *session) error {
	method, body, err := c.request()
	if err != nil {
		return err
	}
	a, err := s.api.call(s.ctx, method, "/rules/"+escape(c.Rule)+"/params", body)
	if err != nil {
		return err
	}
	if !s.tables() {
		return s.showText(a.body)
	}
	var list map[string]paramShown
	if err := json.Unmarshal([]byte(a.body), &list); err != nil {
		return fmt.Errorf("read the parameters of rule %s: %w", c.Rule, err)
	}
	if len(list) == 0 {
		s.printf("rule %s has no parameters\n", c.Rule)
		return nil
	}
	return s.table(paramRows(list))
}

func (c *paramsCmd) request() (method, body string, err error) {
	if len(c.Values) == 0 {
		return http.MethodGet, "", nil
	}
	values := map[string]json.RawMessage{}
	for _, v := range c.Values {
		name, text, ok := strings.Cut(v, "=")
		if !ok || name == "" {
			return "", "", usage{fmt.Errorf("%q is not NAME=VALUE", v)}
		}
		if _, twice := values[name]; twice {
			return "", "", usage{fmt.Errorf("%s is given twice", name)}
		}
		values[name] = scalar(text)
	}
	b, err := json.Marshal(values)
	return http.MethodPut, string(b), err
}

// scalar is a value as JSON: a text, unless it is JSON already.
func scalar(text string) json.RawMessage {
	if json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	quoted, _ := json.Marshal(text) // a text always can be
	return quoted
}

func paramRows(list map[string]paramShown) [][]string {
	rows := [][]string{{"PARAMETER", "VALUE", "BY", "SINCE", "REFUSED", "FROM"}}
	for _, name := range slices.Sorted(maps.Keys(list)) {
		p := list[name]
		refused := ""
		if p.From != "" {
			refused = strconv.FormatUint(p.Refused, 10)
		}
		rows = append(rows, []string{name, string(p.Value), p.Origin, clock(p.Since), refused, oneLine(p.From)})
		if p.LastRefusal != "" {
			rows = append(rows, []string{"", "", "", "", "", oneLine(p.LastRefusal)})
		}
	}
	return rows
}
