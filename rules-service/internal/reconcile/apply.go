package reconcile

import (
	"fmt"
	"time"

	"sluice/rules-service/internal/definition"
	"sluice/rules-service/internal/rule"
)

// batch is what files define that are applied together.
type batch struct {
	set      rule.Set
	from     map[claim]*task
	place    map[claim]func(line, column int) definition.Place
	problems map[*task][]Problem
	counts   map[*task]map[rule.Deed]int
}

// applyDefinitions applies all files with definitions as one difference, and
// tells how many came into effect that were not before.
func (r *Reconciler) applyDefinitions(work []*task) (applied int) {
	b := &batch{
		set:  rule.Set{Streams: map[string]string{}, Tables: map[string]string{}, Rules: map[string]string{}, Anew: true},
		from: map[claim]*task{}, place: map[claim]func(int, int) definition.Place{},
		problems: map[*task][]Problem{}, counts: map[*task]map[rule.Deed]int{},
	}
	var tasks []*task
	held := r.held(work)
	for _, t := range work {
		if t.content.kind == Definitions {
			tasks = append(tasks, t)
			b.add(t, held)
		}
	}
	if len(tasks) == 0 {
		return 0
	}
	if err := r.take(b, tasks); err != nil {
		for _, t := range tasks {
			r.fail(t, append(b.problems[t], problemsOf(err)...))
		}
		return 0
	}
	return r.conclude(tasks, b)
}

// held are the definitions of files that stay as they are.
func (r *Reconciler) held(work []*task) map[claim]string {
	changing := map[*file]bool{}
	for _, t := range work {
		changing[t.file] = true
	}
	held := map[claim]string{}
	for _, f := range r.files {
		if f.kind != Definitions || !f.gone.IsZero() || changing[f] {
			continue
		}
		for _, c := range f.brings {
			held[c] = f.name
		}
	}
	return held
}

// add adds what a file defines, less what another file does already.
func (b *batch) add(t *task, held map[claim]string) {
	note := func(c claim, at func(int, int) definition.Place, into map[string]string, text string) {
		if other, ok := held[c]; ok {
			b.problems[t] = append(b.problems[t], Problem{at(0, 0), c.String(), fmt.Sprintf("it is defined in %s already", other)})
			return
		}
		held[c], b.from[c], b.place[c], into[c.name] = t.name, t, at, text
	}
	for i := range t.content.set.Streams {
		s := &t.content.set.Streams[i]
		into := b.set.Streams
		if s.Statement.Table {
			into = b.set.Tables
		}
		note(claimOf(&s.Statement), s.At, into, s.SQL)
	}
	for i := range t.content.set.Rules {
		d := &t.content.set.Rules[i]
		note(claim{rule.RuleKind, d.ID}, func(int, int) definition.Place { return d.Place }, b.set.Rules, d.Text)
	}
}

// take gives the definitions to the service, and notes what became of them.
func (r *Reconciler) take(b *batch, tasks []*task) error {
	if err := r.own(b.from, tasks); err != nil {
		return err
	}
	changes, findings, err := r.Import(b.set)
	if err != nil {
		return err
	}
	for i := range changes {
		c := &changes[i]
		if t := b.from[claim{c.Kind, c.Name}]; t != nil {
			if b.counts[t] == nil {
				b.counts[t] = map[rule.Deed]int{}
			}
			b.counts[t][c.Action]++
		}
	}
	var refused []claim
	for i := range findings {
		c := claim{findings[i].Kind, findings[i].Name}
		if t := b.from[c]; t != nil {
			b.problems[t] = append(b.problems[t], b.problem(c, &findings[i]))
			refused = append(refused, c)
		}
	}
	return r.disown(r.absent(refused))
}

// problem is a finding with its place in the file.
func (b *batch) problem(c claim, f *rule.Finding) Problem {
	at, message := b.place[c](f.Line, f.Column), f.Message
	if f.Line > 0 && at == b.place[c](0, 0) {
		message = fmt.Sprintf("%s (in its SQL at %d:%d)", message, f.Line, f.Column)
	}
	if f.Hint != "" {
		message += "; " + f.Hint
	}
	return Problem{at, c.String(), message}
}

// conclude notes for each file how it went.
func (r *Reconciler) conclude(tasks []*task, b *batch) (applied int) {
	var fresh []*task
	for _, t := range tasks {
		counts := b.counts[t]
		switch {
		case len(b.problems[t]) > 0:
			r.fail(t, b.problems[t])
		case t.fresh:
			fresh = append(fresh, t)
		case counts[rule.Creation]+counts[rule.Update] > 0:
			t.problems, t.last = nil, time.Now()
			r.Log.Info("definitions that others have changed were put back", "file", t.name, "created", counts[rule.Creation], "updated", counts[rule.Update])
		default:
			t.problems = nil
		}
	}
	if r.succeed(fresh) != nil {
		return 0
	}
	for _, t := range fresh {
		c := b.counts[t]
		r.Log.Info("a file with definitions was applied", "file", t.name, "created", c[rule.Creation], "updated", c[rule.Update], "unchanged", c[rule.Unchanged])
	}
	return len(fresh)
}

// succeed notes that files are in effect.
func (r *Reconciler) succeed(tasks []*task) error {
	var files []*file
	for _, t := range tasks {
		t.tries++
		t.last = time.Now()
		files = append(files, t.file)
	}
	err := r.remember(files)
	for _, t := range tasks {
		if err != nil {
			t.tries--
			r.fail(t, problemsOf(err))
			continue
		}
		t.applied, t.problems, t.next = t.hash, nil, time.Time{}
	}
	return err
}

// fail notes what is wrong with a file, and plans the next try.
func (r *Reconciler) fail(t *task, problems []Problem) {
	before := t.texts()
	t.tries++
	t.problems, t.last = problems, time.Now()
	t.next = t.last.Add(t.pause())
	r.failures.Add(1)
	if t.texts() == before {
		return
	}
	for i := range problems {
		r.Log.Warn("a file cannot be applied", "error", problems[i].text(t.name))
	}
}
