package api

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// decode reads a body in JSON; example is shown when it is none.
func decode(r *http.Request, into any, example string) error {
	text, err := body(r)
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return fmt.Errorf("the body must be JSON such as %s: %w", example, err)
	}
	return nil
}
