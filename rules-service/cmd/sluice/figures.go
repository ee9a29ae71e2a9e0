package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ruleStatus is what the service tells of a rule.
type ruleStatus struct {
	State                string
	Message              string
	Started, Stopped, At int64 // milliseconds since 1970; At: the next start
	Steps                []step
}

// step is a source, an operator or a sink of a rule.
type step struct {
	Name      string
	In, Out   uint64
	Buffered  uint64
	Dropped   uint64
	Errors    uint64
	LastError string
	Link      *int // 1 connected, 0 connecting, -1 not connected; nil: it has no connection
	LinkError string
}

func (p *step) isSource() bool { return strings.HasPrefix(p.Name, "source_") }
func (p *step) isSink() bool   { return strings.HasPrefix(p.Name, "sink_") }

// firstOfStep ends the first key of each step.
const firstOfStep = "records_in_total"

// readStatus reads the status of a rule. Its keys stand in an order: those of
// the rule, then those of each step, which begin alike.
func readStatus(text string) (*ruleStatus, error) {
	dec := json.NewDecoder(strings.NewReader(text))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return nil, errors.Join(errors.New("the status of a rule is no object"), err)
	}
	st, prefix := &ruleStatus{}, ""
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return nil, fmt.Errorf("status of a rule: %w", err)
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return nil, fmt.Errorf("status of a rule: %w", err)
		}
		key, _ := token.(string)
		if begin, ok := strings.CutSuffix(key, firstOfStep); ok {
			prefix = begin
			st.Steps = append(st.Steps, step{Name: strings.TrimSuffix(begin, "_0_")})
		}
		if own, ok := strings.CutPrefix(key, prefix); ok && prefix != "" {
			st.Steps[len(st.Steps)-1].set(own, raw)
			continue
		}
		st.set(key, raw)
	}
	if _, err := dec.Token(); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("status of a rule: %w", err)
	}
	return st, nil
}

// set takes a value. What another version writes in another form stays zero.
func (st *ruleStatus) set(key string, raw json.RawMessage) {
	into := map[string]any{
		"status": &st.State, "message": &st.Message,
		"lastStartTimestamp": &st.Started, "lastStopTimestamp": &st.Stopped, "nextStartTimestamp": &st.At,
	}[key]
	if into != nil {
		_ = json.Unmarshal(raw, into)
	}
}

func (p *step) set(key string, raw json.RawMessage) {
	into := map[string]any{
		firstOfStep: &p.In, "records_out_total": &p.Out, "buffer_length": &p.Buffered, "dropped_total": &p.Dropped,
		"exceptions_total": &p.Errors, "last_exception": &p.LastError,
		"connection_status": &p.Link, "connection_last_disconnected_message": &p.LinkError,
	}[key]
	if into != nil {
		_ = json.Unmarshal(raw, into)
	}
}

// summary is a rule in one line.
type summary struct {
	Rule        string `json:"rule"`
	Status      string `json:"status"`
	Message     string `json:"message,omitempty"`
	In          uint64 `json:"in"`  // rows of its sources
	Out         uint64 `json:"out"` // messages of its sinks
	Buffered    uint64 `json:"buffered"`
	Dropped     uint64 `json:"dropped"`
	Errors      uint64 `json:"errors"`
	Connections int    `json:"connections"`
	Connected   int    `json:"connected"`
	LastError   string `json:"lastError,omitempty"`
}

func (st *ruleStatus) summary(id string) summary {
	u := summary{Rule: id, Status: st.State, Message: st.Message}
	for i := range st.Steps {
		p := &st.Steps[i]
		u.Buffered += p.Buffered
		u.Dropped += p.Dropped
		u.Errors += p.Errors
		if p.isSource() {
			u.In += p.In
		}
		if p.isSink() {
			u.Out += p.Out
		}
		if p.Link != nil {
			u.Connections++
		}
		if p.Link != nil && *p.Link == 1 {
			u.Connected++
		}
		if text := p.trouble(); text != "" {
			u.LastError = text
		}
	}
	return u
}

// trouble is why a step is not well: a lost connection first.
func (p *step) trouble() string {
	if p.Link != nil && *p.Link != 1 && p.LinkError != "" {
		return p.LinkError
	}
	return p.LastError
}

// link is the connection in a word.
func (p *step) link() string {
	switch {
	case p.Link == nil:
		return ""
	case *p.Link == 1:
		return "connected"
	case *p.Link == 0:
		return "connecting"
	}
	return "disconnected"
}
