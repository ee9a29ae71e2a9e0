package main

import (
	"encoding/json"
	"net/http"
	"strings"
)

// describeCmd shows all about one definition.
type describeCmd struct {
	Kind string `arg:"" enum:"stream,table,rule" help:"stream, table or rule."`
	Name string `arg:"" help:"Its name."`
}

// Run asks for the parts one by one.
func (c *describeCmd) Run(s *session) error {
	if c.Kind == "rule" {
		return s.describeRule(c.Name)
	}
	return s.describeStream(c.Kind, c.Name)
}

// streamDescription is a stream with the rules that read it.
type streamDescription struct {
	Definition json.RawMessage `json:"definition"`
	Readers    []string        `json:"readers"` // lines such as "rule hot reads t, u"
}

func (s *session) describeStream(kind, name string) error {
	path := "/" + kind + "s"
	a, err := s.api.call(s.ctx, http.MethodGet, path+"/"+escape(name), "")
	if err != nil {
		return err
	}
	readers, err := s.statement(path, "EXPLAIN "+strings.ToUpper(kind)+" "+quoted(name))
	if err != nil {
		return err
	}
	if !s.tables() {
		return s.show(streamDescription{json.RawMessage(a.body), strings.Split(readers, "\n")})
	}
	definition, err := s.statement(path, "DESCRIBE "+strings.ToUpper(kind)+" "+quoted(name))
	if err != nil {
		return err
	}
	s.printf("%s %s\n\n%s\n\nRead by\n%s", strings.ToUpper(kind[:1])+kind[1:], name, strings.TrimSpace(definition), inset(readers+"\n"))
	return nil
}

// quoted is a name as SQL takes every name.
func quoted(name string) string { return "`" + strings.ReplaceAll(name, "`", "") + "`" }

// statement runs SQL about streams and returns the text that answers it.
func (s *session) statement(path, sql string) (string, error) {
	a, err := s.api.exchange(s.ctx, http.MethodPost, path, map[string]string{"sql": sql}, nil)
	if err != nil {
		return "", err
	}
	return a.body, nil
}

// ruleDescription is all about a rule.
type ruleDescription struct {
	Definition json.RawMessage `json:"definition"`
	Status     json.RawMessage `json:"status"`
	Topo       json.RawMessage `json:"topo,omitempty"`
	Plan       []string        `json:"plan"`
}

func (s *session) describeRule(id string) error {
	path := "/rules/" + escape(id)
	var parts [4]string
	for i, part := range []string{"", "/status", "/explain", "/topo"} {
		a, err := s.api.call(s.ctx, http.MethodGet, path+part, "")
		switch {
		case err == nil:
			parts[i] = strings.TrimSpace(a.body)
		case part == "" || part == "/status":
			return err
		case part == "/explain":
			parts[i] = err.Error() // a stream may be gone
		} // a rule that has not run has no topology
	}
	if !s.tables() {
		return s.show(ruleDescription{json.RawMessage(parts[0]), json.RawMessage(parts[1]), json.RawMessage(parts[3]), strings.Split(parts[2], "\n")})
	}
	st, err := readStatus(parts[1])
	if err != nil {
		return err
	}
	figures, err := st.text(id)
	if err != nil {
		return err
	}
	definition, err := indented(parts[0])
	if err != nil {
		return err
	}
	s.printf("%s\nDefinition\n%s\nPlan\n%s", figures, inset(definition+"\n"), inset(parts[2]+"\n"))
	return nil
}
