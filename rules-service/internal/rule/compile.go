package rule

import (
	"slices"

	"sluice/rules-service/internal/dialect"
	"sluice/sqlengine"
)

// Compile plans the query of the rule with the functions of the service.
func (d *Definition) Compile(cat sqlengine.Catalog) (*sqlengine.Query, error) {
	options := d.Options.Query
	options.Functions = dialect.Functions()
	return sqlengine.Compile(d.SQL, d.over(cat), options)
}

// queries are that of the rule and those of its parameters.
func (d *Definition) queries(cat sqlengine.Catalog) ([]*sqlengine.Query, error) {
	q, err := d.Compile(cat)
	if err != nil {
		return nil, err
	}
	feeds, err := d.CompileFeeds(cat)
	if err != nil {
		return nil, err
	}
	queries := []*sqlengine.Query{q}
	for _, f := range feeds {
		queries = append(queries, f.Query)
	}
	return queries, nil
}

// streamsOf names the streams that queries read, each once.
func streamsOf(queries []*sqlengine.Query) []string {
	names := queries[0].Streams()
	for _, q := range queries[1:] {
		for _, name := range q.Streams() {
			if !slices.Contains(names, name) {
				names = append(slices.Clip(names), name)
			}
		}
	}
	return names
}
