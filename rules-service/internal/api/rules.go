package api

import (
	"fmt"
	"net/http"
)

// routeRules routes what concerns all rules.
func (a *API) routeRules(mux *routes) {
	mux.Handle("GET /rules", handle(codeUndefined, a.listRules))
	mux.Handle("GET /rules/status/all", handle(codeUndefined, a.healthOfRules))
	mux.HandleFunc("GET /rules/usage/cpu", a.cpuUsage)
	mux.Handle("POST /rules", handle(codeUndefined, a.createRule))
	mux.HandleFunc("POST /rules/validate", a.validateRule)
}

func (a *API) listRules(w http.ResponseWriter, r *http.Request) error {
	f, err := filterOf(r)
	if err != nil {
		return err
	}
	entries, total := a.Rules.List(f)
	writeTotal(w, total)
	writeJSON(w, http.StatusOK, entries)
	return nil
}

func (a *API) healthOfRules(w http.ResponseWriter, r *http.Request) error {
	f, err := filterOf(r)
	if err != nil {
		return err
	}
	healths, total := a.Rules.Healths(f)
	writeTotal(w, total)
	writeJSON(w, http.StatusOK, healths)
	return nil
}

// cpuUsage answers as a service that does not measure it: a shard runs the
// rules of many, and a clock around each of them would cost more than most do.
func (a *API) cpuUsage(w http.ResponseWriter, _ *http.Request) {
	writeText(w, http.StatusOK, "cpu usage not enabled")
}

func (a *API) createRule(w http.ResponseWriter, r *http.Request) error {
	text, err := body(r)
	if err != nil {
		return err
	}
	if text, err = a.unmaskRule("", text); err != nil {
		return err
	}
	id, warnings, err := a.Rules.Create(text)
	writeWarnings(w, warnings)
	if err != nil {
		return err
	}
	writeText(w, http.StatusCreated, fmt.Sprintf("Rule %s was created successfully.", id))
	return nil
}

// validateRule answers 422 with plain text where a rule is not right.
func (a *API) validateRule(w http.ResponseWriter, r *http.Request) {
	text, err := body(r)
	if err != nil {
		fail(w, codeUndefined, err)
		return
	}
	var streams, warnings []string
	if text, err = a.unmaskRule("", text); err == nil {
		streams, warnings, err = a.Rules.Validate(text)
	}
	if err != nil {
		writeText(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	writeJSON(w, http.StatusOK, struct {
		Sources  []string `json:"sources"`
		Valid    bool     `json:"valid"`
		Warnings []string `json:"warnings,omitempty"`
	}{streams, true, warnings})
}
