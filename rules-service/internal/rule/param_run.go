package rule

import (
	"fmt"

	"sluice/rules-service/internal/hub"
	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// boundFeed is a Feed that was found right.
type boundFeed struct {
	Feed
	streams []*sqlengine.Stream
}

// reads names the streams of the query and of its parameters' queries.
func (p *prepared) reads() []string {
	queries := []*sqlengine.Query{p.query}
	for _, f := range p.feeds {
		queries = append(queries, f.Query)
	}
	return streamsOf(queries)
}

// paramRun are the parameters of a rule that runs.
type paramRun struct {
	values  *ruleParams
	feeders []*hub.Attachment
}

// openParams gives a rule that starts the present values of its parameters, and
// attaches the queries that these are bound to. They get no rows of their own
// before begin, so that the rule misses none where they read the same stream.
func (m *Manager) openParams(r *run, def *Definition, p *prepared, env *sqlengine.Env) error {
	values := m.params.enter(def)
	if values == nil {
		return nil
	}
	r.params = &paramRun{values: values}
	env.Params = values.present()
	for _, f := range p.feeds {
		a, err := m.hub.Attach(hub.Rule{
			ID: def.ID + "/" + f.Param, Query: f.Query, Streams: f.streams, Out: feedOut{values, f.Param}, Feeder: true,
			Env: sqlengine.Env{RuleID: def.ID, Location: m.Zone(), OnRowError: func(e *sqlengine.RowError) { values.refuse(f.Param, e) }},
		})
		if err != nil {
			return fmt.Errorf("options.params.%s.from: %w", f.Param, err)
		}
		r.params.feeders = append(r.params.feeders, a)
	}
	return nil
}

// begin lets the values come to the rule.
func (r *paramRun) begin(rule *hub.Attachment) {
	if r == nil {
		return
	}
	r.values.bind(rule)
	for _, a := range r.feeders {
		a.Begin()
	}
}

// end keeps values from coming to a rule that has ended.
func (r *paramRun) end(rule *hub.Attachment) {
	if r == nil {
		return
	}
	r.values.unbind(rule)
	for _, a := range r.feeders {
		_ = a.Detach() // its output cannot fail
	}
}

// feedOut is the end of a parameter's query.
type feedOut struct {
	values *ruleParams
	name   string
}

// Push takes the value of each row.
func (f feedOut) Push(b *value.Batch) error {
	for i := range b.Rows {
		f.values.feed(f.name, b.Rows[i].Cols[0])
	}
	return nil
}

// Advance does nothing: time alone changes no parameter.
func (feedOut) Advance(int64) error { return nil }

// Close does nothing: the last value counts on.
func (feedOut) Close() error { return nil }
