package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// statusCmd shows how rules are.
type statusCmd struct {
	Rules  []string      `arg:"" optional:"" name:"rule" help:"One rule, with all its steps."`
	Watch  bool          `short:"w" help:"Show it again and again, until interrupted."`
	Every  time.Duration `default:"2s" help:"Pause between two looks with --watch."`
	filter `group:"Lists"`
}

// defaultRows bounds the list: the figures of thousands of rules are long to
// read and take time to collect.
const defaultRows = 200

// Run shows the status once, or until it is interrupted.
func (c *statusCmd) Run(s *session) error {
	rules := (&selection{Rules: c.Rules}).named()
	if len(rules) > 1 {
		return usage{fmt.Errorf("one rule, or none for all; --search finds some")}
	}
	look := func() (string, error) { return s.statusOfAll(&c.filter) }
	if len(rules) == 1 {
		look = func() (string, error) { return s.statusOf(rules[0]) }
	}
	if c.Watch {
		return s.watch(c.Every, look)
	}
	text, err := look()
	s.printf("%s", text)
	return err
}

// statusOf is the status of one rule as text.
func (s *session) statusOf(id string) (string, error) {
	a, err := s.api.call(s.ctx, http.MethodGet, "/rules/"+escape(id)+"/status", "")
	if err != nil {
		return "", err
	}
	if !s.tables() {
		return s.formed(a.body)
	}
	st, err := readStatus(a.body)
	if err != nil {
		return "", err
	}
	return st.text(id)
}

// text shows a rule: what it does, then its steps.
func (st *ruleStatus) text(id string) (string, error) {
	head := [][]string{{"rule", id}, {"status", st.State}}
	add := func(name, value string) {
		if value != "" {
			head = append(head, []string{name, oneLine(value)})
		}
	}
	add("message", st.Message)
	add("started", clock(st.Started))
	add("stopped", clock(st.Stopped))
	add("next start", clock(st.At))
	steps := [][]string{{"STEP", "IN", "OUT", "BUFFER", "DROPPED", "ERRORS", "CONNECTION", "LAST ERROR"}}
	for i := range st.Steps {
		p := &st.Steps[i]
		steps = append(steps, []string{p.Name, count(p.In), count(p.Out), count(p.Buffered), count(p.Dropped), count(p.Errors), p.link(), oneLine(p.trouble())})
	}
	above, err := columns(head)
	if err != nil || len(st.Steps) == 0 {
		return above, err
	}
	below, err := columns(steps)
	return above + "\n" + below, err
}

func count(n uint64) string { return strconv.FormatUint(n, 10) }

// clock is a time of the service as people here read it.
func clock(millis int64) string {
	if millis == 0 {
		return ""
	}
	return time.UnixMilli(millis).Format(time.RFC3339)
}

// statusOfAll is the list of rules with their figures.
func (s *session) statusOfAll(f *filter) (string, error) {
	bounded := *f
	if f.Limit == 0 && s.tables() {
		bounded.Limit = defaultRows
	}
	ids, total, err := s.countedIDs(bounded.query())
	if err != nil {
		return "", err
	}
	list, err := s.summaries(ids)
	if err != nil {
		return "", err
	}
	if !s.tables() {
		b, err := json.Marshal(list)
		if err != nil {
			return "", err
		}
		return s.formed(string(b))
	}
	rows := [][]string{{"RULE", "STATUS", "IN", "OUT", "BUFFER", "DROPPED", "ERRORS", "CONNECTED", "LAST ERROR"}}
	for i := range list {
		u := &list[i]
		rows = append(rows, []string{u.Rule, u.Status, count(u.In), count(u.Out), count(u.Buffered), count(u.Dropped), count(u.Errors),
			fmt.Sprintf("%d/%d", u.Connected, u.Connections), oneLine(u.LastError)})
	}
	text, err := columns(rows)
	if total > len(ids) {
		text += fmt.Sprintf("%d of %d rules; --limit, --search and --status show others\n", len(ids), total)
	}
	return text, err
}

// summaries asks for the status of many rules, few calls for all.
func (s *session) summaries(ids []string) ([]summary, error) {
	const atOnce = 200
	list := make([]summary, 0, len(ids))
	for start := 0; start < len(ids); start += atOnce {
		some := ids[start:min(start+atOnce, len(ids))]
		answers, err := s.batch(some, func(id string) string { return "/rules/" + escape(id) + "/status" })
		if err != nil {
			return nil, err
		}
		for i, id := range some {
			if answers[i].Code != http.StatusOK {
				continue // it was deleted meanwhile
			}
			st, err := readStatus(answers[i].Response)
			if err != nil {
				return nil, err
			}
			list = append(list, st.summary(id))
		}
	}
	return list, nil
}
