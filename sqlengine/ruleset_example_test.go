package sqlengine_test

import (
	"fmt"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// Thousands of rules share a stream; a row costs only those that it can match.
func ExampleRuleset() {
	columns := &value.Schema{Columns: []value.Column{{Name: "device"}, {Name: "temperature"}}}
	set := sqlengine.NewRuleset(func(id string, err error) { fmt.Println(id, "has failed:", err) })
	var last *sqlengine.Run
	for i := range 1000 {
		query, err := sqlengine.Compile(fmt.Sprintf(`SELECT temperature AS boiler%d FROM boilers WHERE device = "boiler %d" AND temperature > 80`, i, i),
			sqlengine.Streams{"boilers": {Name: "boilers", Schemaless: true}}, sqlengine.Options{})
		if err != nil {
			fmt.Println(err)
			return
		}
		last, _ = query.Open(sqlengine.Env{Schemas: map[string]*value.Schema{"boilers": columns}}, sqlengine.OutputFunc(func(b *value.Batch) error {
			fmt.Println(query.Output().Columns[0].Name, "=", b.Rows[0].Cols[0])
			return nil
		}))
		set.Add(fmt.Sprint("rule ", i), last)
	}
	row := func(device string, t float64) value.Row {
		return value.Row{Cols: []value.Value{value.OfString(device), value.OfFloat(t)}}
	}
	set.Push("boilers", &value.Batch{Schema: columns, Rows: []value.Row{row("boiler 7", 85), row("boiler 8", 79), row("boiler 20", 90)}})
	fmt.Println("each rule has seen", last.Stats()[0].In, "rows")
	// Output:
	// boiler7 = 85
	// boiler20 = 90
	// each rule has seen 3 rows
}
