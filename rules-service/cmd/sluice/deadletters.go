package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// deadlettersCmd is about messages that were given up.
type deadlettersCmd struct {
	List   deadlettersListCmd   `cmd:"" help:"Show them, with the reason of each."`
	Replay deadlettersReplayCmd `cmd:"" help:"Send them again, in their order."`
	Drop   deadlettersDropCmd   `cmd:"" help:"Delete them."`
}

// deadlettersListCmd shows messages that were given up.
type deadlettersListCmd struct {
	Rule  string `arg:"" optional:"" help:"Only those of this rule."`
	Limit int    `default:"100" help:"At most so many, the newest; 0 for all that the service shows."`
}

// deadLetter is a message that was given up.
type deadLetter struct {
	Time    time.Time
	Rule    string
	Action  string
	Error   string
	Payload *string
	Base64  []byte `json:"payloadBase64"`
}

// Run lists them.
func (c *deadlettersListCmd) Run(s *session) error {
	q := url.Values{"limit": {strconv.Itoa(c.Limit)}}
	if c.Rule != "" {
		q.Set("rule", c.Rule)
	}
	var list []deadLetter
	a, err := s.api.exchange(s.ctx, http.MethodGet, "/deadletters?"+q.Encode(), nil, &list)
	if err != nil {
		return err
	}
	if !s.tables() {
		return s.showText(a.body)
	}
	if a.total > len(list) {
		defer s.notef("the newest %d of %d; --limit shows more\n", len(list), a.total)
	}
	rows := [][]string{{"TIME", "RULE", "SINK", "REASON", "PAYLOAD"}}
	for i := range list {
		l := &list[i]
		rows = append(rows, []string{l.Time.Local().Format(time.RFC3339), l.Rule, l.Action, oneLine(l.Error), l.payload()})
	}
	return s.table(rows)
}

// payload is the message as far as it fits into a table.
func (l *deadLetter) payload() string {
	const most = 60
	if l.Payload == nil {
		return fmt.Sprintf("%d bytes", len(l.Base64))
	}
	text := []rune(oneLine(*l.Payload))
	if len(text) > most {
		return string(text[:most]) + " …"
	}
	return string(text)
}

// deadlettersReplayCmd sends them again.
type deadlettersReplayCmd struct {
	Rule string `arg:"" optional:"" help:"Those of this rule."`
	All  bool   `help:"Those of all rules."`
}

// Run asks for it.
func (c *deadlettersReplayCmd) Run(s *session) error {
	if (c.Rule == "") != c.All {
		return usage{errors.New("give a rule, or --all")}
	}
	in := map[string]string{}
	if c.Rule != "" {
		in["rule"] = c.Rule
	}
	done := s.busy("sending again")
	a, err := s.api.exchange(s.ctx, http.MethodPost, "/deadletters/replay", in, nil)
	done()
	return s.told(a, err)
}

// deadlettersDropCmd deletes them.
type deadlettersDropCmd struct {
	Rule string `arg:"" optional:"" help:"Those of this rule."`
	All  bool   `help:"Those of all rules."`
	Yes  bool   `short:"y" help:"Do not ask."`
}

// Run asks, where somebody can answer: they are gone then.
func (c *deadlettersDropCmd) Run(s *session) error {
	if (c.Rule == "") != c.All {
		return usage{errors.New("give a rule, or --all")}
	}
	if s.asks && !c.Yes && !s.confirm("delete these messages for good?") {
		return errors.New("nothing was changed")
	}
	path := "/deadletters"
	if c.Rule != "" {
		path += "?rule=" + url.QueryEscape(c.Rule)
	}
	a, err := s.api.call(s.ctx, http.MethodDelete, path, "")
	return s.told(a, err)
}

// told shows the answer to a wish: figures by their names.
func (s *session) told(a *answer, err error) error {
	if err != nil {
		return err
	}
	if !s.tables() {
		return s.showText(a.body)
	}
	var figures map[string]json.RawMessage
	if err := json.Unmarshal([]byte(a.body), &figures); err != nil {
		return fmt.Errorf("the answer is not what the rules API says: %w", err)
	}
	for _, name := range sorted(figures) {
		s.printf("%s: %s\n", name, figures[name])
	}
	return nil
}
