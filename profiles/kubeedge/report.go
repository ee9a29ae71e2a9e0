package kubeedge

import (
	"cmp"
	"slices"
)

// Entry is what the report says about one document.
type Entry struct {
	Document
	Action   Action   `json:"action"`
	Changes  []Change `json:"changes,omitempty"`
	Findings Findings `json:"findings,omitempty"`
}

// Report tells of each document what becomes of it. When there is an error
// nothing becomes of any. Findings that belong to no document, such as those
// of a file that cannot be read, have entries of their own.
func Report(set Set, findings Findings, changes []Change) []Entry {
	failed := findings.Errors() != nil
	entries := make([]Entry, len(set.Documents))
	at := map[Document]int{}
	places := map[Place]int{}
	for i, d := range set.Documents {
		entries[i] = Entry{Document: d, Action: Unchanged}
		if failed {
			entries[i].Action = Skipped
		}
		at[Document{Place: Place{File: d.File}, Kind: d.title()}] = i
		places[d.Place] = i
	}
	for _, f := range findings {
		i, ok := at[Document{Place: Place{File: f.File}, Kind: f.Document}]
		if !ok {
			entries = append(entries, Entry{Document: Document{Place: f.Place}, Action: Skipped})
			i = len(entries) - 1
		}
		entries[i].Findings = append(entries[i].Findings, f)
		if f.Severity == Error {
			entries[i].Action = Failed
		}
	}
	for _, c := range changes {
		if i, ok := places[c.From]; ok && !failed {
			entries[i].take(c)
		}
	}
	for i := range entries {
		if !failed && entries[i].Changes == nil && entries[i].Name != "" && entries[i].barren() {
			entries[i].Action = Skipped
		}
	}
	joinStatuses(entries)
	slices.SortStableFunc(entries, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return entries
}

// barren tells whether nothing comes of a document.
func (e *Entry) barren() bool { return e.Kind != kindStatus && e.Action == Unchanged }

// joinStatuses says of each status what becomes of its device, which it is part
// of.
func joinStatuses(entries []Entry) {
	actions := map[Document]Action{}
	for _, e := range entries {
		if e.Kind == kindDevice {
			actions[Document{Namespace: e.Namespace, Name: e.Name}] = e.Action
		}
	}
	for i := range entries {
		e := &entries[i]
		if e.Kind != kindStatus || e.Action == Failed {
			continue
		}
		e.Action = Skipped
		if a, ok := actions[Document{Namespace: e.Namespace, Name: e.Name}]; ok {
			e.Action = a
		}
	}
}

// take takes a change in. A document whose objects are in part new is updated.
func (e *Entry) take(c Change) {
	switch {
	case e.Changes == nil:
		e.Action = c.Action
	case e.Action != c.Action:
		e.Action = Update
	}
	e.Changes = append(e.Changes, c)
}
