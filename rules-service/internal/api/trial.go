package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"sluice/rules-service/internal/rule"
)

// routeTrial routes the trial of rules: with live or mocked streams, whose
// results are server-sent events, and with given rows.
func (a *API) routeTrial(mux *routes) {
	for pattern, h := range map[string]handler{
		"POST /ruletest":            a.createTrial,
		"POST /ruletest/{id}/start": a.startTrial,
		"DELETE /ruletest/{id}":     a.stopTrial,
		"GET /test/{id}":            a.listenToTrial,
		"POST /rules/trial":         a.rehearse,
	} {
		mux.Handle(pattern, handle(codeUndefined, h))
	}
}

// createTrial answers with the port on which the results are heard: this one.
func (a *API) createTrial(w http.ResponseWriter, r *http.Request) error {
	text, err := body(r)
	if err != nil {
		return err
	}
	id, err := a.Rules.CreateTrial(text)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, struct {
		ID   string `json:"id"`
		Port int    `json:"port"`
	}{id, portOf(r)})
	return nil
}

func portOf(r *http.Request) int {
	if addr, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr); ok {
		return addr.Port
	}
	return 0
}

func (a *API) startTrial(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if err := a.Rules.StartTrial(id); err != nil {
		return err
	}
	writeText(w, http.StatusOK, fmt.Sprintf("Test rule %s was started", id))
	return nil
}

func (a *API) stopTrial(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if err := a.Rules.StopTrial(id); err != nil {
		return err
	}
	writeText(w, http.StatusOK, fmt.Sprintf("Test rule %s was stopped.", id))
	return nil
}

// listenToTrial sends what a trial yields until it ends.
func (a *API) listenToTrial(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if !a.Rules.Tries(id) {
		return missing(&rule.NotFound{Kind: "test rule", Name: id})
	}
	s := newEventStream(w, eventsType)
	if s.flush() == nil { // the client knows now that it is connected
		_ = a.Rules.Listen(r.Context(), id, s.send) // the client, or the trial, has gone
	}
	return nil
}

// rehearse runs a query over the rows of the request. The answer has a line of
// JSON, or an event, for each result and each row that failed.
func (a *API) rehearse(w http.ResponseWriter, r *http.Request) error {
	text, err := body(r)
	if err != nil {
		return err
	}
	var in rule.Rehearsal
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		return fmt.Errorf(`the body must be JSON such as {"sql": "SELECT …", "rows": {"demo": [{"a": 1}]}}: %w`, err)
	}
	kind := "application/x-ndjson"
	if strings.Contains(r.Header.Get("Accept"), eventsType) {
		kind = eventsType
	}
	s := newEventStream(w, kind)
	err = a.Rules.Rehearse(r.Context(), in, func(h rule.Happening) error {
		line, err := json.Marshal(h)
		if err != nil {
			return err
		}
		return s.send(string(line))
	})
	var rejected *rule.Rejected
	switch {
	case errors.As(err, &rejected):
		return reject(w, rejected)
	case err != nil && !s.begun:
		return err
	case err != nil && !errors.Is(err, context.Canceled):
		if line, e := json.Marshal(rule.Happening{Error: err.Error()}); e == nil {
			_ = s.send(string(line)) // the client has gone
		}
		return nil
	}
	_ = s.flush() // the client has gone
	return nil
}
