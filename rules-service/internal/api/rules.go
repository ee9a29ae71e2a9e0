package api

import (
	"fmt"
	"net/http"
)

// routeRules routes what concerns all rules.
func (a *API) routeRules(mux *http.ServeMux) {
	mux.HandleFunc("GET /rules", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, a.Rules.List()) })
	mux.HandleFunc("GET /rules/status/all", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, a.Rules.Healths())
	})
	mux.Handle("POST /rules", handle(codeUndefined, a.createRule))
	mux.HandleFunc("POST /rules/validate", a.validateRule)
}

func (a *API) createRule(w http.ResponseWriter, r *http.Request) error {
	text, err := body(r)
	if err != nil {
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
	streams, warnings, err := a.Rules.Validate(text)
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
