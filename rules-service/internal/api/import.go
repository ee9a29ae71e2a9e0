package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"sluice/rules-service/internal/rule"
)

func (a *API) routeImport(mux *routes) {
	for pattern, h := range map[string]handler{
		"POST /ruleset/import":         a.importRuleset,
		"POST /data/import":            a.importData,
		"POST /v2/data/import":         a.importYAML,
		"GET /data/import/status":      a.importStatus,
		"POST /async/data/import":      a.importLater,
		"GET /async/task/{id}":         a.getTask,
		"POST /async/task/{id}/cancel": a.cancelTask,
	} {
		mux.Handle(pattern, handle(codeUndefined, h))
	}
}

// imports are done one after the other.
type imports struct {
	turn sync.Mutex
	mu   sync.Mutex
	last *bundle // what was wrong with the last one
}

func (i *imports) done(wrong *bundle) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.last = wrong
}

// contentIn reads {"content": "…"} or {"file": "file:///…"}.
func (a *API) contentIn(r *http.Request) (string, error) {
	var in content
	if err := decode(r, &in, `{"content": "…"} or {"file": "file:///…"}`); err != nil {
		return "", err
	}
	return a.contentOf(in)
}

// bundleIn reads an export in JSON, and tells its size.
func (a *API) bundleIn(r *http.Request) (b *bundle, size int, err error) {
	text, err := a.contentIn(r)
	if err != nil {
		return nil, 0, err
	}
	b, err = readBundle(text)
	return b, len(text), err
}

// importRuleset takes what is right of a ruleset, and counts it.
func (a *API) importRuleset(w http.ResponseWriter, r *http.Request) error {
	b, _, err := a.bundleIn(r)
	if err != nil {
		return err
	}
	counts, wrong, err := a.takeDefinitions(b, false)
	if err != nil {
		return err
	}
	lines := wrong.lines()
	for _, line := range lines {
		a.Log.Warn("an entry of an import is left out", "entry", line)
	}
	writeWarnings(w, shortened(lines))
	writeText(w, http.StatusOK, fmt.Sprintf("imported %d streams, %d tables and %d rules", counts[rule.StreamKind], counts[rule.TableKind], counts[rule.RuleKind]))
	return nil
}

// maxWarnings bounds what goes into headers, which clients take few of.
const maxWarnings = 20

func shortened(lines []string) []string {
	if len(lines) <= maxWarnings {
		return lines
	}
	return append(lines[:maxWarnings:maxWarnings], fmt.Sprintf("and %d more; the log has them", len(lines)-maxWarnings))
}

// lines names what is wrong, one entry a line.
func (b *bundle) lines() []string {
	var lines []string
	parts := b.parts()
	for _, part := range slices.Sorted(maps.Keys(parts)) {
		for _, name := range slices.Sorted(maps.Keys(parts[part])) {
			lines = append(lines, fmt.Sprintf("%s.%s: %s", part, name, parts[part][name]))
		}
	}
	return lines
}

// takeDefinitions takes what is right of streams, tables and rules, and counts
// it by kinds. With replace, all others are deleted.
func (a *API) takeDefinitions(b *bundle, replace bool) (counts map[rule.Kind]int, wrong *bundle, err error) {
	wrong = newBundle()
	taken, findings, err := a.Import(rule.Set{Streams: b.Streams, Tables: b.Tables, Rules: b.Rules, Prune: replace, Anew: replace})
	if err != nil {
		return nil, wrong, err
	}
	for _, f := range findings {
		part := map[rule.Kind]texts{rule.StreamKind: wrong.Streams, rule.TableKind: wrong.Tables, rule.RuleKind: wrong.Rules}[f.Kind]
		if part[f.Name] != "" {
			part[f.Name] += "; "
		}
		part[f.Name] += f.Message
	}
	counts = map[rule.Kind]int{}
	for _, c := range taken {
		if c.Action != rule.Deletion {
			counts[c.Kind]++
		}
	}
	return counts, wrong, nil
}

// Import takes what is right of a set, and says what is wrong with the rest.
// Secrets that are masked in it are those of the definitions that there are. The
// set itself stays as it is.
func (a *API) Import(set rule.Set) (taken []rule.Change, wrong []rule.Finding, err error) {
	full := set
	full.Streams, full.Tables, full.Rules = map[string]string{}, map[string]string{}, map[string]string{}
	for _, part := range []struct {
		kind       rule.Kind
		from, into map[string]string
		read       func(name, text string) (string, error)
	}{
		{rule.StreamKind, set.Streams, full.Streams, a.readStatement}, {rule.TableKind, set.Tables, full.Tables, a.readStatement},
		{rule.RuleKind, set.Rules, full.Rules, a.readRule},
	} {
		for name, text := range part.from {
			text, err := part.read(name, text)
			if err != nil {
				wrong = append(wrong, rule.Finding{Kind: part.kind, Name: name, Message: err.Error()})
				continue
			}
			part.into[name] = text
		}
	}
	taken, more, err := a.Rules.Import(full)
	return taken, append(wrong, more...), err
}

// readStatement completes a statement.
func (a *API) readStatement(_, sql string) (string, error) { return a.unmaskStatement(sql) }

// readRule completes a rule: its secrets, and the id where only the bundle or
// the path has it.
func (a *API) readRule(id, text string) (string, error) {
	text, err := a.unmaskRule(id, text)
	if err != nil {
		return "", err
	}
	var keys map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &keys) != nil || keys == nil {
		return text, nil //nolint:nilerr // it will be refused for what it is
	}
	for name := range keys {
		if strings.EqualFold(name, "id") {
			return text, nil
		}
	}
	quoted, err := json.Marshal(id)
	if err != nil {
		return "", err
	}
	keys["id"] = quoted
	return compact(keys)
}

// importOptions are in the query of an import.
type importOptions struct {
	partial bool // what is not in the bundle stays
	stop    bool // the service ends afterwards
}

func optionsOf(r *http.Request) importOptions {
	q := r.URL.Query()
	return importOptions{partial: q.Get("partial") == "1", stop: q.Get("stop") == "1"}
}

// importData takes what is right of an export. Without partial, everything else
// is deleted.
func (a *API) importData(w http.ResponseWriter, r *http.Request) error {
	b, _, err := a.bundleIn(r)
	if err != nil {
		return err
	}
	o := optionsOf(r)
	wrong, err := a.take(r.Context(), b, o)
	if err != nil {
		return err
	}
	if err := failedImport(wrong); err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, importAnswer{ConfigResponse: wrong})
	a.stopAfter(o)
	return nil
}

type importAnswer struct {
	ErrorMsg       string  `json:"ErrorMsg"`
	ConfigResponse *bundle `json:"ConfigResponse"`
}

// failedImport is the error of a bundle of which something is wrong: all of it
// as JSON, as existing clients read it.
func failedImport(wrong *bundle) error {
	if wrong.empty() {
		return nil
	}
	text, err := compact(wrong)
	if err != nil {
		return err
	}
	return errors.New(text)
}

// stopAfter ends the service when the import asks for it.
func (a *API) stopAfter(o importOptions) {
	if !o.stop {
		return
	}
	a.Log.Info("an import asks to end the service")
	if a.Restart != nil {
		a.Restart()
		return
	}
	a.Stop()
}

func (a *API) importStatus(w http.ResponseWriter, _ *http.Request) error {
	a.imports.mu.Lock()
	last := a.imports.last
	a.imports.mu.Unlock()
	if last == nil {
		last = newBundle()
	}
	writeJSON(w, http.StatusOK, last)
	return nil
}
