// Package sqlengine is a streaming SQL engine to embed: it compiles a query of
// eKuiper's dialect against a catalog of streams and runs it over rows that
// the host pushes. It starts no goroutine and no timer, opens no file, and
// knows neither brokers nor formats; time comes from the host.
//
// A host names its streams in a Catalog, such as Streams, compiles queries
// against it, opens each with an Operator that takes the results, and pushes
// rows: see the Example. Rows have the slots that Query.Columns names;
// value.Schema makes them of objects, and objects of results. The packages
// value, for rows, and diag, for what is wrong with a query, are all that a
// host needs besides; function is for hosts with functions of their own.
// Types that are declared elsewhere have their fields there: go doc
// sluice/sqlengine/exec Env. docs/embedding.md tells the whole story.
package sqlengine

import (
	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// Stream is the definition of a stream or table.
type Stream = plan.Stream

// Field is a declared column of a stream, or a field of a STRUCT.
type Field = plan.Field

// StreamOptions are the options of a stream's definition.
type StreamOptions = plan.Options

// Catalog knows the streams and tables that a query may name: a Stream by its
// name, and the Names of all, for hints.
type Catalog = plan.Catalog

// Options are the choices of a rule that change what its query yields: event
// time with its LateTolerance and IdleTimeout, SendNil, Params with the values
// that $name has at the start, versions of windows, and the Functions of the
// host. The zero Options are those of a rule in processing time.
type Options = plan.Settings

// DefaultLateTolerance is what eKuiper gives a rule that does not set
// lateTolerance. Options.LateTolerance is none, unless the host sets it.
const DefaultLateTolerance = plan.DefaultLateTolerance

// Query is a compiled query. It is immutable: any number of runs may be open.
type Query struct {
	plan *plan.Plan
}

// Compile checks a SELECT against the catalog and plans it. The error is a
// diag.List with everything that is wrong with it; its Render shows the places
// in the text.
func Compile(sql string, cat Catalog, opts Options) (*Query, error) {
	p, err := plan.Build(sql, cat, opts)
	if err != nil {
		return nil, err
	}
	return &Query{plan: p}, nil
}

// Streams names the streams and tables that the query reads, in the order of
// FROM and its joins. The host pushes the rows of all but the lookup tables.
func (q *Query) Streams() []string { return q.plan.Streams() }

// Lookups names the lookup tables among them: the host answers for each by
// Env.Lookups.
func (q *Query) Lookups() []string { return q.plan.Lookups() }

// Columns is exactly what the query reads of a stream: fields, keys of the
// metadata, and, for * on a schemaless stream, the whole row.
func (q *Query) Columns(stream string) []value.Column { return q.plan.Inputs(stream) }

// Output is the schema of the rows that the query yields. A Missing value is
// a key to leave out; the fields of a column of role Whole stand beside the
// other columns.
func (q *Query) Output() *value.Schema { return q.plan.Output }

// Windowed tells how to read the output: of a windowed query, and of one that
// joins tables or unnests, each batch is one result, otherwise each row is.
func (q *Query) Windowed() bool { return q.plan.Windowed() }

// Conjunct is a condition column op constant that a query begins with.
type Conjunct = plan.Conjunct

// Conjuncts are the conditions that WHERE begins with, where it comes first in
// the plan: rows for which one of them is false without an error have no effect
// on the query. A Ruleset keeps such rows from it.
func (q *Query) Conjuncts() []Conjunct {
	list, _ := q.plan.Conjuncts()
	return list
}

// Explain is the plan in readable form, one step a line.
func (q *Query) Explain() string { return q.plan.Explain() }
