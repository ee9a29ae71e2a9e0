package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"
)

// liveTrial is the body of the request for what streams really bring.
type liveTrial struct {
	SQL       string          `json:"sql"`
	Options   json.RawMessage `json:"options,omitempty"`
	SinkProps map[string]any  `json:"sinkProps"`
}

// live tries a rule on what its streams bring: it has the service make a trial,
// listens, and starts it.
func (c *trialCmd) live(s *session, r *ruleText, d *definitions) error {
	if len(d.streams) > 0 {
		return usage{errors.New("a live trial reads streams of the service; apply those of the files first")}
	}
	var made struct{ ID string }
	in := liveTrial{r.sql(), r.options(), map[string]any{"sendSingle": true}}
	if _, err := s.api.exchange(s.ctx, http.MethodPost, "/ruletest", in, &made); err != nil {
		return s.tried(err, r)
	}
	return errors.Join(c.listen(s, escape(made.ID)), s.endTrial(escape(made.ID)))
}

// listen prints results until they are enough, the time is over, or somebody
// interrupts: none of that is an error.
func (c *trialCmd) listen(s *session, id string) error {
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	events, err := s.api.stream(ctx, http.MethodGet, "/test/"+id, "")
	if err != nil {
		return err
	}
	defer events.Close()
	if _, err := s.api.call(ctx, http.MethodPost, "/ruletest/"+id+"/start", ""); err != nil {
		return err
	}
	if c.Duration > 0 {
		over := time.AfterFunc(c.Duration, cancel)
		defer over.Stop()
	}
	err = s.results(events, c.Count)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// endTrial ends a trial, even when the command was interrupted. The service may
// have ended it itself.
func (s *session) endTrial(id string) error {
	_, err := s.api.call(context.WithoutCancel(s.ctx), http.MethodDelete, "/ruletest/"+id, "")
	var refusal *refusal
	if errors.As(err, &refusal) {
		return nil
	}
	return err
}
