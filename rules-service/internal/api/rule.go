package api

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// routeRule routes what concerns one rule.
func (a *API) routeRule(mux *routes) {
	for pattern, h := range map[string]handler{
		"GET /rules/{id}":             a.getRule,
		"PUT /rules/{id}":             a.putRule,
		"DELETE /rules/{id}":          a.deleteRule,
		"GET /rules/{id}/status":      a.ruleStatus,
		"GET /v2/rules/{id}/status":   a.ruleStatus,
		"GET /rules/{id}/explain":     a.explainRule,
		"GET /rules/{id}/schema":      a.ruleSchema,
		"GET /rules/{id}/scantables":  a.scanTables,
		"GET /rules/{id}/params":      a.ruleParams,
		"PUT /rules/{id}/params":      a.setRuleParams,
		"PUT /rules/{id}/reset_state": a.resetState,
		"POST /rules/{id}/start":      a.change(a.Rules.StartRule, "Rule %s was started"),
		"POST /rules/{id}/stop":       a.change(a.Rules.StopRule, "Rule %s was stopped."),
		"POST /rules/{id}/restart":    a.change(a.Rules.RestartRule, "Rule %s was restarted"),
	} {
		mux.Handle(pattern, handle(codeUndefined, h))
	}
	mux.Handle("GET /rules/{id}/topo", handle(codeGeneral, a.ruleTopo))
}

func (a *API) getRule(w http.ResponseWriter, r *http.Request) error {
	text, err := a.Rules.Text(r.PathValue("id"))
	if err != nil {
		return missing(err)
	}
	if !secrets(r) {
		if text, err = a.maskRule(text); err != nil {
			return err
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, text) // the client has gone
	return nil
}

func (a *API) putRule(w http.ResponseWriter, r *http.Request) error {
	text, err := body(r)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	if text, err = a.readRule(id, text); err != nil {
		return err
	}
	warnings, err := a.Rules.Update(id, text)
	writeWarnings(w, warnings)
	if err != nil {
		return err
	}
	writeText(w, http.StatusOK, fmt.Sprintf("Rule %s was updated successfully.", id))
	return nil
}

// deleteRule answers 400 for an unknown rule, where the others answer 404.
func (a *API) deleteRule(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if err := a.Rules.Delete(id); err != nil {
		return err
	}
	writeText(w, http.StatusOK, fmt.Sprintf("Rule %s is dropped.", id))
	return nil
}

// change starts or stops a rule and answers with the text.
func (a *API) change(f func(id string) error, text string) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		id := r.PathValue("id")
		if err := f(id); err != nil {
			return missing(err)
		}
		writeText(w, http.StatusOK, fmt.Sprintf(text, id))
		return nil
	}
}

func (a *API) ruleStatus(w http.ResponseWriter, r *http.Request) error {
	status, err := a.Rules.Status(r.PathValue("id"))
	if err != nil {
		return missing(err)
	}
	writeJSON(w, http.StatusOK, status)
	return nil
}

func (a *API) ruleTopo(w http.ResponseWriter, r *http.Request) error {
	topo, err := a.Rules.Topo(r.PathValue("id"))
	if err != nil {
		return missing(err)
	}
	writeJSON(w, http.StatusOK, topo)
	return nil
}

func (a *API) explainRule(w http.ResponseWriter, r *http.Request) error {
	text, err := a.Rules.Explain(r.PathValue("id"))
	if err != nil {
		return missing(err)
	}
	writeText(w, http.StatusOK, text)
	return nil
}

func (a *API) ruleSchema(w http.ResponseWriter, r *http.Request) error {
	columns, err := a.Rules.Output(r.PathValue("id"))
	if err != nil {
		return missing(err)
	}
	writeJSON(w, http.StatusOK, columns)
	return nil
}

func (a *API) scanTables(w http.ResponseWriter, r *http.Request) error {
	rows, err := a.Rules.ScanTables(r.PathValue("id"))
	if err != nil {
		return missing(err)
	}
	writeJSON(w, http.StatusOK, rows)
	return nil
}

// rewind is the only kind of reset that there is: a source goes back.
const rewind = 1

func (a *API) resetState(w http.ResponseWriter, r *http.Request) error {
	text, err := body(r)
	if err != nil {
		return err
	}
	var in struct {
		Type   int
		Params struct{ StreamName string }
	}
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		return fmt.Errorf(`the body must be JSON such as {"type": 1, "params": {"streamName": "demo", "input": {}}}: %w`, err)
	}
	if in.Type != rewind {
		return fmt.Errorf("reset of type %d is unknown; there is 1, which sets a source back", in.Type)
	}
	return a.Rules.Rewind(r.PathValue("id"), in.Params.StreamName)
}
