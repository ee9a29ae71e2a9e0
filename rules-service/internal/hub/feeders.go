package hub

import (
	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// feeders are the rules of a shard that give parameters of others their values.
type feeders struct {
	set *sqlengine.Ruleset
	on  map[string]int // how many read a stream
}

func (f *feeders) add(a *Attachment) {
	a.feeds = true
	f.set.Add(a.rule, a.run)
	for i := range a.reads {
		f.on[a.reads[i].stream.def.Name]++
	}
}

func (f *feeders) remove(a *Attachment) {
	if !a.feeds {
		return // it never came in
	}
	f.set.Remove(a.rule)
	for i := range a.reads {
		name := a.reads[i].stream.def.Name
		if f.on[name]--; f.on[name] == 0 {
			delete(f.on, name)
		}
	}
}

// push gives rows of a stream to the rules. Where one of them changes a
// parameter of a rule, that row and those behind it see the new value, and
// those in front of it the old one.
func (s *shard) push(stream string, b *value.Batch) {
	s.mail.deliver()
	if s.feeders.on[stream] == 0 {
		s.set.Push(stream, b)
		return
	}
	part := *b
	from := 0
	for i := range b.Rows {
		part.Rows = b.Rows[i : i+1]
		s.feeders.set.Push(stream, &part)
		if s.mail.empty() {
			continue
		}
		part.Rows = b.Rows[from:i]
		s.set.Push(stream, &part)
		s.mail.deliver()
		from = i
	}
	part.Rows = b.Rows[from:]
	s.set.Push(stream, &part)
}
