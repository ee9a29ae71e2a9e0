package sqlengine_test

import (
	"fmt"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

type streams map[string]*sqlengine.Stream

func (s streams) Stream(name string) (*sqlengine.Stream, bool) { st, ok := s[name]; return st, ok }
func (s streams) Names() []string                              { return nil }

type printer struct{}

func (printer) Push(b *value.Batch) error {
	for _, r := range b.Rows {
		fmt.Println(b.Schema.Columns[0].Name, "=", r.Cols[0].Float())
	}
	return nil
}
func (printer) Advance(int64) error { return nil }
func (printer) Close() error        { return nil }

// A stream is declared, a query compiled and opened, and rows are pushed.
func Example() {
	create, _ := sqlengine.ParseStatement(`CREATE STREAM boiler (temperature FLOAT) WITH (DATASOURCE="boiler")`)
	query, err := sqlengine.Compile(`SELECT temperature*1.8+32 AS fahrenheit FROM boiler WHERE temperature > 80`,
		streams{"boiler": create.Stream}, sqlengine.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	run, _ := query.Open(sqlengine.Env{RuleID: "hot"}, printer{})
	row := func(t float64) value.Row { return value.Row{Cols: []value.Value{value.OfFloat(t)}} }
	run.Push("boiler", &value.Batch{Rows: []value.Row{row(79), row(85), row(100)}})
	// Output:
	// fahrenheit = 185
	// fahrenheit = 212
}
