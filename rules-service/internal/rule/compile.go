package rule

import (
	"sluice/rules-service/internal/dialect"
	"sluice/sqlengine"
)

// Compile plans the query of the rule with the functions of the service.
func (d *Definition) Compile(cat sqlengine.Catalog) (*sqlengine.Query, error) {
	options := d.Options.Query
	options.Functions = dialect.Functions()
	return sqlengine.Compile(d.SQL, d.over(cat), options)
}
