package api

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// routeTags routes the tags of rules, and what is done to all rules with some
// tags.
func (a *API) routeTags(mux *routes) {
	for pattern, h := range map[string]handler{
		"PUT /rules/{id}/tags":    a.changeTags(a.Rules.SetTags),
		"PATCH /rules/{id}/tags":  a.changeTags(a.Rules.AddTags),
		"DELETE /rules/{id}/tags": a.changeTags(a.Rules.RemoveTags),
		"GET /rules/tags/match":   a.matchTags,
		"POST /rules/bulkstart":   a.bulk(a.Rules.StartRules),
		"POST /rules/bulkstop":    a.bulk(a.Rules.StopRules),
	} {
		mux.Handle(pattern, handle(codeUndefined, h))
	}
}

// tagsOf reads a body such as {"tags":["x"]}. It must be there: no tags mean all
// rules, or none on a rule, which nobody may ask for by mistake.
func tagsOf(r *http.Request) ([]string, error) {
	text, err := body(r)
	if err != nil {
		return nil, err
	}
	var in struct{ Tags []string }
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		return nil, fmt.Errorf(`the body must be JSON such as {"tags": ["line1"]}: %w`, err)
	}
	return in.Tags, nil
}

func (a *API) changeTags(f func(id string, tags []string) error) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		tags, err := tagsOf(r)
		if err != nil {
			return err
		}
		if err := f(r.PathValue("id"), tags); err != nil {
			return missing(err)
		}
		w.WriteHeader(http.StatusOK)
		return nil
	}
}

// matchTags takes the tags from the body, as eKuiper does, and from ?tag=, for
// clients that send none with GET.
func (a *API) matchTags(w http.ResponseWriter, r *http.Request) error {
	tags := r.URL.Query()["tag"]
	if len(tags) == 0 || r.ContentLength != 0 {
		more, err := tagsOf(r)
		if err != nil {
			return err
		}
		tags = append(tags, more...)
	}
	writeJSON(w, http.StatusOK, struct {
		Rules []string `json:"rules"`
	}{a.Rules.Tagged(tags)})
	return nil
}

// outcome is what a bulk call has done to one rule.
type outcome struct {
	Rule    string `json:"ruleId"`
	Success bool   `json:"success"`
	Error   string `json:"error"`
}

// bulk starts or stops the rules that have all given tags.
func (a *API) bulk(f func(ids []string) []error) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		tags, err := tagsOf(r)
		if err != nil {
			return err
		}
		ids := a.Rules.Tagged(tags)
		if len(ids) == 0 {
			return fmt.Errorf("there are no matching rules for the tags %q", tags)
		}
		outcomes := make([]outcome, len(ids))
		for i, err := range f(ids) {
			outcomes[i] = outcome{Rule: ids[i], Success: true}
			if err != nil {
				outcomes[i] = outcome{Rule: ids[i], Error: err.Error()}
			}
		}
		writeJSON(w, http.StatusOK, outcomes)
		return nil
	}
}
