package rule

import (
	"errors"
	"fmt"
	"slices"

	"sluice/rules-service/internal/dialect"
	"sluice/sqlengine"
	"sluice/sqlengine/diag"
	"sluice/sqlengine/value"
)

// Feed is a query whose rows give a parameter its values.
type Feed struct {
	Param string
	Query *sqlengine.Query
}

// CompileFeeds plans the queries that parameters are bound to, in the order of
// their names. What is wrong with one comes with its text.
func (d *Definition) CompileFeeds(cat sqlengine.Catalog) ([]Feed, error) {
	var feeds []Feed
	var errs []error
	for _, name := range sortedKeys(d.Options.From) {
		q, err := d.compileFeed(cat, name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		feeds = append(feeds, Feed{name, q})
	}
	return feeds, errors.Join(errs...)
}

func (d *Definition) compileFeed(cat sqlengine.Catalog, name string) (*sqlengine.Query, error) {
	sql, path := d.Options.From[name], "options.params."+name+".from: "
	q, err := sqlengine.Compile(sql, d.over(cat), sqlengine.Options{Functions: dialect.Functions()})
	var findings diag.List
	if errors.As(err, &findings) {
		return nil, &Statement{sql, under(path, findings)}
	}
	if err != nil {
		return nil, fmt.Errorf("%s%w", path, err)
	}
	if problem := unfit(q, d.Options.Query.Params[name].Kind()); problem != "" {
		return nil, &Malformed{[]string{path + problem}}
	}
	return q, nil
}

// under says in each finding in which of a rule's statements it is.
func under(path string, findings diag.List) diag.List {
	list := slices.Clone(findings)
	for i, f := range list {
		there := *f
		there.Message = path + f.Message
		list[i] = &there
	}
	return list
}

// unfit tells why a query cannot give a parameter values, of which it has one
// already; empty: it can.
func unfit(q *sqlengine.Query, kind value.Kind) string {
	if q.Windowed() || len(q.Lookups()) > 0 {
		return "a parameter is set by the rows of one stream, without window, join and unnest; let a rule with a memory action do that, and read its topic"
	}
	columns := q.Output().Columns
	if len(columns) != 1 || columns[0].Role == value.Whole {
		return "it must select one column, the value of the parameter"
	}
	is := columns[0].Kind
	switch {
	case is != value.Null && !isScalar(is):
		return fmt.Sprintf("it selects a %s; a parameter is a number, a text or a BOOLEAN", is)
	case !replaces(kind, is):
		return fmt.Sprintf("it selects a %s, but value is a %s", is, kind)
	}
	return ""
}

// isScalar tells what a parameter may get at run time.
func isScalar(k value.Kind) bool {
	return k == value.Int || k == value.Float || k == value.String || k == value.Bool
}

// replaces tells whether a parameter may go from one kind to another. NULL is
// of any kind.
func replaces(was, is value.Kind) bool {
	number := func(k value.Kind) bool { return k == value.Int || k == value.Float }
	return was == is || was == value.Null || is == value.Null || number(was) && number(is)
}

// feeds finds everything that can be wrong with the queries of parameters.
func (c *checker) feeds(def *Definition, p *prepared) error {
	if len(def.Options.From) == 0 {
		return nil
	}
	feeds, err := def.CompileFeeds(c.catalog)
	errs := []error{err}
	for _, f := range feeds {
		streams, err := c.inputs(def, f.Query)
		if err != nil {
			err = fmt.Errorf("options.params.%s.from: %w", f.Param, err)
		}
		errs = append(errs, err)
		p.feeds = append(p.feeds, boundFeed{f, streams})
	}
	return errors.Join(errs...)
}
