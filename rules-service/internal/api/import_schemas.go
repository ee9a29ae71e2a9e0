package api

import (
	"encoding/json"
	"maps"
)

// takeSchemas takes schemas in an order in which each finds those that it
// imports.
func (a *API) takeSchemas(schemas, wrong texts, replace bool) {
	left := maps.Clone(schemas)
	for progress := true; progress; {
		progress = false
		for name, text := range left {
			err := a.takeSchema(text, replace)
			if err != nil {
				wrong[name] = err.Error()
				continue
			}
			delete(wrong, name)
			delete(left, name)
			progress = true
		}
	}
}

func (a *API) takeSchema(text string, replace bool) error {
	var s schema
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return err
	}
	if !replace {
		if err := a.checkSchemaVersion(s); err != nil {
			return err
		}
	}
	return a.keepSchema(s)
}
