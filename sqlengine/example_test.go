package sqlengine_test

import (
	"encoding/json"
	"fmt"
	"strings"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// A stream is declared, a query compiled and opened, and JSON is pushed.
func Example() {
	catalog := sqlengine.Streams{}
	if err := catalog.Define(`CREATE STREAM boilers () WITH (DATASOURCE="boilers")`); err != nil {
		fmt.Println(err)
	}
	query, err := sqlengine.Compile(`SELECT *, temperature*1.8+32 AS fahrenheit FROM boilers WHERE temperature > 80`, catalog, sqlengine.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	run, _ := query.Open(sqlengine.Env{}, sqlengine.OutputFunc(func(b *value.Batch) error {
		for _, row := range b.Rows {
			fmt.Println(value.OfObject(query.Output().Object(row)))
		}
		return nil
	}))
	slots := value.Schema{Columns: query.Columns("boilers")}
	messages := json.NewDecoder(strings.NewReader(`{"id":1,"temperature":79} {"id":2,"temperature":85} {"id":3,"temperature":100}`))
	for messages.More() {
		var message map[string]any
		if err := messages.Decode(&message); err != nil {
			fmt.Println(err)
			return
		}
		object, _ := value.Of(message)
		run.Push("boilers", &value.Batch{Rows: []value.Row{slots.Row(0, object.Object(), nil)}})
	}
	// Output:
	// {"fahrenheit":185,"id":2,"temperature":85}
	// {"fahrenheit":212,"id":3,"temperature":100}
}
