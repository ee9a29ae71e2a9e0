package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// trialCmd runs a rule without deploying it.
type trialCmd struct {
	Args     []string      `arg:"" optional:"" name:"rule" help:"A rule of the service; or files with a rule and with streams that the service does not have."`
	SQL      string        `name:"sql" placeholder:"SELECT" help:"A query instead of a rule."`
	Rule     string        `placeholder:"ID" help:"Which rule of the files."`
	Data     string        `short:"d" placeholder:"FILE" help:"Rows: {\"stream\": [rows]}, or for a rule with one stream a list of rows or a row in each line; - for the standard input."`
	Interval time.Duration `placeholder:"TIME" help:"Time that passes between two given rows of a stream; 1s when it is left out."`
	Live     bool          `help:"Read what the streams really bring, until interrupted, at most five minutes."`
	Duration time.Duration `placeholder:"TIME" help:"End a live trial after so long, such as 30s."`
	Count    int           `placeholder:"N" help:"End after so many results."`
}

// Help shows how.
func (*trialCmd) Help() string {
	return `Nothing is stored and no sink is written: each result is printed as a line of JSON.

  sluice trial hot.json --data rows.jsonl            the rule of a file, with rows of a file
  sluice trial hot --live --duration 30s             a rule of the service, with what its streams bring
  sluice trial --sql 'SELECT * FROM demo' --live     look into a stream`
}

// Run prints the results as they come.
func (c *trialCmd) Run(s *session) error {
	if c.Live == (c.Data != "") {
		return usage{errors.New("give rows with --data, or take those that come with --live")}
	}
	if c.Live && c.Interval != 0 {
		return usage{errors.New("--interval is for rows that are given")}
	}
	r, d, err := c.subject(s)
	if err != nil {
		return err
	}
	if c.Live {
		return c.live(s, r, d)
	}
	return c.given(s, r, d)
}

// subject is the rule that is tried, and the streams of its files.
func (c *trialCmd) subject(s *session) (*ruleText, *definitions, error) {
	args := (&selection{Rules: c.Args}).named()
	if len(args) == 0 && c.SQL == "" {
		return nil, nil, usage{errors.New("what is to be tried? give a file, the id of a rule, or --sql")}
	}
	d, err := s.rulesOf(args)
	if err != nil {
		return nil, nil, err
	}
	if c.SQL != "" {
		text, err := json.Marshal(map[string]any{"id": "trial", "sql": c.SQL, "actions": []any{map[string]any{"nop": map[string]any{}}}})
		return &ruleText{"", "trial", string(text)}, d, err
	}
	r, err := d.one(c.Rule)
	return r, d, err
}

// trial is the body of the request for given rows.
type trial struct {
	SQL     string                       `json:"sql"`
	Options json.RawMessage              `json:"options,omitempty"`
	Streams map[string]string            `json:"streams,omitempty"`
	Rows    map[string][]json.RawMessage `json:"rows"`
	Pause   int64                        `json:"interval,omitempty"` // milliseconds
}

func (c *trialCmd) given(s *session, r *ruleText, d *definitions) error {
	text, err := s.readFile(c.Data)
	if err != nil {
		return usage{err}
	}
	rows, err := readRows(text)
	if err != nil {
		return usage{fmt.Errorf("%s: %w", c.Data, err)}
	}
	if list, ok := rows[unnamed]; ok {
		stream, err := s.onlyStream(r, d)
		if err != nil {
			return err
		}
		rows = map[string][]json.RawMessage{stream: list}
	}
	t := trial{SQL: r.sql(), Options: r.options(), Streams: map[string]string{}, Rows: rows, Pause: c.Interval.Milliseconds()}
	for i := range d.streams {
		t.Streams[d.streams[i].statement.Name] = d.streams[i].sql
	}
	body, err := json.Marshal(t)
	if err != nil {
		return err
	}
	answer, err := s.api.stream(s.ctx, http.MethodPost, "/rules/trial", string(body))
	if err != nil {
		return s.tried(err, r)
	}
	defer answer.Close()
	return s.results(answer, c.Count)
}

// options are those of a rule.
func (r *ruleText) options() json.RawMessage {
	var keys struct{ Options json.RawMessage }
	_ = json.Unmarshal([]byte(r.text), &keys) // a rule without has the usual ones
	return keys.Options
}

// onlyStream is the stream that a rule reads, if it is one.
func (s *session) onlyStream(r *ruleText, d *definitions) (string, error) {
	q, err := s.compile(r, d)
	if err != nil {
		return "", err
	}
	if names := q.Streams(); len(names) != 1 {
		return "", usage{fmt.Errorf(`the rule reads %s; say whose rows these are: {"%s": [rows]}`, strings.Join(names, ", "), names[0])}
	}
	return q.Streams()[0], nil
}

// tried adds the rule to what the service has against its SQL.
func (s *session) tried(err error, r *ruleText) error {
	var refusal *refusal
	if !errors.As(err, &refusal) || len(refusal.findings) == 0 {
		return err
	}
	for i := range refusal.findings {
		f := &refusal.findings[i]
		f.File, f.Name, f.sql = r.file, r.id, r.sql()
	}
	return s.report("findings", refusal.findings)
}
