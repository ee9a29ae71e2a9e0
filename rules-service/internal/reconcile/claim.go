package reconcile

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"sluice/rules-service/internal/rule"
	"sluice/rules-service/internal/store"
	"sluice/sqlengine"
)

// claim is a definition by its kind and name.
type claim struct {
	kind rule.Kind
	name string
}

func (c claim) String() string { return string(c.kind) + " " + c.name }

func claimOf(st *sqlengine.Statement) claim {
	if st.Table {
		return claim{rule.TableKind, st.Name}
	}
	return claim{rule.StreamKind, st.Name}
}

func parseClaim(text string) (claim, error) {
	kind, name, ok := strings.Cut(text, " ")
	if !ok {
		return claim{}, fmt.Errorf("%q is no kind and name", text)
	}
	return claim{rule.Kind(kind), name}, nil
}

// Documents of the store: files that were applied, and who brought what.
const (
	filesKind = "reconcile-files"
	ownedKind = "reconcile-owned"
)

// record is a file in the store.
type record struct {
	Kind   Kind      `json:"kind"`
	Hash   string    `json:"hash"`
	Brings []string  `json:"brings"`
	Time   time.Time `json:"time"`
	Tries  int       `json:"tries"`
}

// load reads what was stored.
func (r *Reconciler) load() error {
	files, err := r.Store.Documents(filesKind)
	if err != nil {
		return fmt.Errorf("files that were applied: %w", err)
	}
	for _, d := range files {
		var rec record
		if err := json.Unmarshal(d.Data, &rec); err != nil {
			return fmt.Errorf("file %s that was applied: %w", d.Key, err)
		}
		f := &file{name: d.Key, kind: rec.Kind, hash: rec.Hash, applied: rec.Hash, known: true, settled: true, last: rec.Time, tries: rec.Tries}
		for _, text := range rec.Brings {
			c, err := parseClaim(text)
			if err != nil {
				return fmt.Errorf("file %s that was applied: %w", d.Key, err)
			}
			f.brings = append(f.brings, c)
		}
		r.files[f.name] = f
	}
	owned, err := r.Store.Documents(ownedKind)
	if err != nil {
		return fmt.Errorf("definitions of files: %w", err)
	}
	for _, d := range owned {
		c, err := parseClaim(d.Key)
		if err != nil {
			return fmt.Errorf("definitions of files: %w", err)
		}
		r.owned[c] = string(d.Data)
	}
	return nil
}

// exists tells whether there is such a definition.
func (r *Reconciler) exists(c claim) bool {
	var err error
	if c.kind == rule.RuleKind {
		_, err = r.Rules.Text(c.name)
	} else {
		_, err = r.Rules.Definition(c.name, c.kind == rule.TableKind)
	}
	return err == nil
}

// own notes what files are about to bring, and that their old contents will not
// be in effect: before it is so, so that nothing is forgotten when the process is
// killed meanwhile. What is there already came from elsewhere, and stays so.
func (r *Reconciler) own(claims map[claim]*task, tasks []*task) error {
	taken := map[claim]string{}
	for c, t := range claims {
		if before, ok := r.owned[c]; ok && before != t.name || !ok && !r.exists(c) {
			taken[c] = t.name
		}
	}
	var replaced []*task
	for _, t := range tasks {
		if t.fresh && t.applied != "" {
			replaced = append(replaced, t)
		}
	}
	if len(taken)+len(replaced) == 0 {
		return nil
	}
	err := r.Store.Update(func(tx *store.Tx) error {
		var errs []error
		for c, name := range taken {
			errs = append(errs, tx.PutDocument(ownedKind, store.Document{Key: c.String(), Data: []byte(name)}))
		}
		for _, t := range replaced {
			errs = append(errs, tx.DeleteDocument(filesKind, t.name))
		}
		return errors.Join(errs...)
	})
	if err != nil {
		return err
	}
	maps.Copy(r.owned, taken)
	for _, t := range replaced {
		t.applied = ""
	}
	return nil
}

// disown forgets who brought definitions.
func (r *Reconciler) disown(claims []claim) error {
	if len(claims) == 0 {
		return nil
	}
	err := r.Store.Update(func(tx *store.Tx) error {
		var errs []error
		for _, c := range claims {
			errs = append(errs, tx.DeleteDocument(ownedKind, c.String()))
		}
		return errors.Join(errs...)
	})
	if err != nil {
		return err
	}
	for _, c := range claims {
		delete(r.owned, c)
		delete(r.unwanted, c)
		delete(r.stuck, c)
	}
	return nil
}

// remember stores files that were applied.
func (r *Reconciler) remember(files []*file) error {
	if len(files) == 0 {
		return nil
	}
	return r.Store.Update(func(tx *store.Tx) error {
		var errs []error
		for _, f := range files {
			rec := record{Kind: f.kind, Hash: f.hash, Time: f.last, Tries: f.tries}
			for _, c := range f.brings {
				rec.Brings = append(rec.Brings, c.String())
			}
			data, err := json.Marshal(rec)
			errs = append(errs, err, tx.PutDocument(filesKind, store.Document{Key: f.name, Data: data}))
		}
		return errors.Join(errs...)
	})
}

// forget drops a file that is gone; what it brought is looked at by prune.
func (r *Reconciler) forget(f *file) {
	if err := r.Store.DeleteDocument(filesKind, f.name); err != nil {
		r.Log.Error("a file that is gone could not be forgotten", "file", f.name, "error", err)
		return
	}
	delete(r.files, f.name)
	r.Log.Info("a file is gone", "file", f.name)
}
