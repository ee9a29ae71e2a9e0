package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"sluice/profiles/geneva"
	"sluice/profiles/kubeedge"
	"sluice/rules-service/internal/rule"
)

func (a *API) routeDevices(mux *routes) {
	mux.Handle("POST /import/kubeedge", handle(codeUndefined, a.importKubeEdge))
	mux.Handle("POST /import/geneva", handle(codeUndefined, a.importGeneva))
	mux.Handle("GET /export/kubeedge", handle(codeUndefined, a.exportKubeEdge))
}

// importTimeout bounds how long an import may take to answer.
const importTimeout = 10 * time.Minute

// sentFile is a file in the body of a request.
type sentFile struct {
	Name string `json:"name"`
	Data string `json:"data"`
}

// deviceImport is an import of devices on its way.
type deviceImport struct {
	result kubeedge.Result
	notes  []geneva.Note
	errs   int // that keep it from being done
	dryRun bool
	// report tells of each document what becomes of it.
	report func([]kubeedge.Change) []kubeedge.Entry
}

// imported is the answer to an import of devices.
type imported struct {
	Applied bool             `json:"applied"`
	Entries []kubeedge.Entry `json:"entries"`
	Notes   []geneva.Note    `json:"notes,omitempty"`
	// Desired and Reported are for a bridge of twins.
	Desired  []kubeedge.DesiredValue     `json:"desired,omitempty"`
	Reported []kubeedge.ReportedProperty `json:"reported,omitempty"`
}

// decodeStrictly reads a body whose keys must be known.
func decodeStrictly(r *http.Request, into any, example string) error {
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("the body must be JSON such as %s: %w", example, err)
	}
	if dec.More() {
		return errors.New("there is more in the body behind its object")
	}
	return nil
}

// takeDevices carries an import out: all of it, or nothing.
func (a *API) takeDevices(w http.ResponseWriter, r *http.Request, in *deviceImport) error {
	if in.errs > 0 {
		return in.fail(w, in.errs, in.report(nil), nil)
	}
	// Device services are asked about each device, which takes its time.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(importTimeout)) // a writer without deadlines needs none
	a.imports.turn.Lock()
	defer a.imports.turn.Unlock()
	p, err := a.planDevices(r, in.result)
	if err != nil {
		return err
	}
	undone, err := a.carryOut(r, p, in.dryRun)
	var refused refusedChanges
	switch {
	case errors.As(err, &refused):
		entries := in.report(p.changes)
		refuse(entries, refused.findings(p.place), refused)
		return in.fail(w, len(refused), entries, undone)
	case err != nil:
		return errors.Join(err, undone)
	}
	writeJSON(w, http.StatusOK, imported{!in.dryRun, in.report(p.changes), in.notes, in.result.Desired, in.result.Reported})
	return nil
}

// planDevices compares what is wanted with what core-metadata and the rules
// have.
func (a *API) planDevices(r *http.Request, want kubeedge.Result) (*plan, error) {
	have, err := a.Metadata.existing(r.Context())
	if err != nil {
		return nil, err
	}
	set, err := a.Rules.Definitions()
	if err != nil {
		return nil, err
	}
	have.Streams = set.Streams
	if have.Rules, err = concerned(want, set.Rules); err != nil {
		return nil, err
	}
	return newPlan(want.Settle(have), have)
}

// concerned are the rules that an import may change: those that it wants, and
// those that one has made.
func concerned(want kubeedge.Result, texts map[string]string) (map[string]map[string]any, error) {
	wanted := map[string]bool{}
	for _, one := range want.Rules {
		wanted[one.ID] = true
	}
	rules := map[string]map[string]any{}
	for id, text := range texts {
		if !wanted[id] && !kubeedge.MayBeByImport(id) {
			continue
		}
		var parts map[string]any
		if err := json.Unmarshal([]byte(text), &parts); err != nil {
			return nil, fmt.Errorf("rule %s: %w", id, err)
		}
		rules[id] = parts
	}
	return rules, nil
}

// carryOut carries a plan out. The rules are asked before anything is written,
// and get their part when all the rest is there; with an error what was written
// is taken back, and undone tells what could not be.
func (a *API) carryOut(r *http.Request, p *plan, dryRun bool) (undone, err error) {
	if p.strangers != nil {
		return nil, p.strangers
	}
	set := p.definitions
	set.DryRun = true
	if err := a.applyDefinitions(set); err != nil || dryRun {
		return nil, err
	}
	w := writing{meta: a.Metadata}
	if err = w.all(r.Context(), p); err == nil {
		err = a.applyDefinitions(p.definitions)
	}
	if err == nil {
		return nil, nil
	}
	if undone = w.takeBack(r.Context()); undone != nil {
		undone = fmt.Errorf("what was written to core-metadata could not all be taken back: %w", undone)
	}
	return undone, err
}

func (a *API) applyDefinitions(set rule.Set) error {
	if len(set.Streams)+len(set.Rules)+len(set.Delete) == 0 {
		return nil
	}
	_, err := a.Rules.Apply(set)
	var rejected *rule.Rejected
	if errors.As(err, &rejected) {
		return refusedDefinitions(rejected)
	}
	return err
}

// refuse notes in a report what was refused; nothing becomes of the rest.
func refuse(entries []kubeedge.Entry, findings kubeedge.Findings, refused refusedChanges) {
	for i := range entries {
		e := &entries[i]
		e.Action = kubeedge.Skipped
		for n, one := range refused {
			if slices.ContainsFunc(e.Changes, func(c kubeedge.Change) bool { return c.Kind == one.kind && c.Name == one.name }) {
				e.Action = kubeedge.Failed
				e.Findings = append(e.Findings, findings[n])
			}
		}
		e.Changes = nil
	}
}

// fail answers with the report of an import that was not done.
func (in *deviceImport) fail(w http.ResponseWriter, errs int, entries []kubeedge.Entry, undone error) error {
	message := fmt.Sprintf("nothing was imported; errors: %d", errs)
	if undone != nil {
		message = fmt.Sprintf("errors: %d; %v", errs, undone)
	}
	writeJSON(w, http.StatusBadRequest, struct {
		failure
		Entries []kubeedge.Entry `json:"entries"`
		Notes   []geneva.Note    `json:"notes,omitempty"`
	}{failure{Error: codeUndefined, Message: message}, entries, in.notes})
	return nil
}
