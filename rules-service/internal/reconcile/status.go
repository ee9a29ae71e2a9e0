package reconcile

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"time"
)

// Status is what became of the files.
type Status struct {
	Folder       string        `json:"folder"`
	Interval     string        `json:"interval"`
	Prune        bool          `json:"prune"`
	CorrectDrift bool          `json:"correctDrift"`
	Error        string        `json:"error,omitempty"` // of the folder
	Scanned      *time.Time    `json:"scanned,omitempty"`
	Counts       map[State]int `json:"counts"`
	Files        []FileStatus  `json:"files"`
	Leftovers    []Leftover    `json:"leftovers,omitempty"`
}

// FileStatus is what became of one file.
type FileStatus struct {
	File        string          `json:"file"`
	Kind        Kind            `json:"kind,omitempty"`
	Hash        string          `json:"hash,omitempty"`
	State       State           `json:"state"`
	Error       string          `json:"error,omitempty"`
	Problems    []ProblemStatus `json:"problems,omitempty"`
	Tries       int             `json:"tries"`
	Last        *time.Time      `json:"last,omitempty"`
	Next        *time.Time      `json:"next,omitempty"`
	Definitions []string        `json:"definitions"`
}

// ProblemStatus is one thing that is wrong with a file.
type ProblemStatus struct {
	Line       int    `json:"line,omitempty"`
	Column     int    `json:"column,omitempty"`
	Definition string `json:"definition,omitempty"`
	Message    string `json:"message"`
}

// Leftover is a definition that a file brought and no file brings any more.
type Leftover struct {
	Definition string `json:"definition"`
	File       string `json:"file"`
	Error      string `json:"error,omitempty"`
}

// Status returns what became of the files until the end of the last round.
func (r *Reconciler) Status() *Status { return r.status.Load() }

// ServeHTTP answers with the status; a POST looks at the folder before.
func (r *Reconciler) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.Method == http.MethodPost {
		r.Now(req.Context())
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(r.Status()) // the client has gone
}

// Now looks at the folder, and tries again what has failed.
func (r *Reconciler) Now(ctx context.Context) {
	r.turn.Lock()
	r.hurry()
	r.turn.Unlock()
	r.round(ctx)
}

// publish makes what is known visible.
func (r *Reconciler) publish() {
	o := r.options.Load()
	s := &Status{Folder: o.Folder, Interval: o.Interval.String(), Prune: o.Prune, CorrectDrift: o.CorrectDrift, Error: r.folderErr, Scanned: moment(r.scanned),
		Counts: map[State]int{Applied: 0, Pending: 0, Failed: 0}, Files: []FileStatus{}}
	for _, name := range slices.Sorted(maps.Keys(r.files)) {
		f := r.files[name].status()
		s.Counts[f.State]++
		s.Files = append(s.Files, f)
	}
	if wanted, sure := r.wanted(); sure {
		for _, c := range r.leftovers(wanted) {
			s.Leftovers = append(s.Leftovers, Leftover{c.String(), r.owned[c], r.stuck[c]})
		}
	}
	r.status.Store(s)
}

func (f *file) status() FileStatus {
	s := FileStatus{File: f.name, Kind: f.kind, Hash: f.hash, Tries: f.tries, Last: moment(f.last), Next: moment(f.next), Definitions: []string{}}
	s.State, s.Error = f.state()
	for _, p := range f.problems {
		s.Problems = append(s.Problems, ProblemStatus{p.Line, p.Column, p.Definition, p.Message})
	}
	for _, c := range f.brings {
		s.Definitions = append(s.Definitions, c.String())
	}
	return s
}

// moment is nil for no time.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Millisecond)
	return &t
}
