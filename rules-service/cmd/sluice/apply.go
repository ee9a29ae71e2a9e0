package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// applyCmd creates or updates what files define.
type applyCmd struct {
	Files []string `short:"f" name:"file" required:"" sep:"none" help:"Files with streams and rules; give -f several times for several." placeholder:"FILE"`
}

// Run applies streams first, then rules. One that is refused does not keep the
// others back.
func (c *applyCmd) Run(s *session) error {
	d, errs := readFiles(c.Files)
	if len(errs) > 0 {
		return errors.Join(errs...) // nothing is applied of files that cannot be read
	}
	for _, st := range d.streams {
		body, err := json.Marshal(map[string]string{"sql": st.sql})
		if err != nil {
			return err
		}
		path := "/streams/"
		if st.statement.Table {
			path = "/tables/"
		}
		errs = append(errs, s.put(path+escape(st.statement.Name), string(body), st.file, st.statement.Name))
	}
	for _, r := range d.rules {
		errs = append(errs, s.put("/rules/"+escape(r.id), r.text, r.file, r.id))
	}
	return errors.Join(errs...)
}

// put sends a definition and shows the answer.
func (s *session) put(path, body, file, name string) error {
	a, err := s.api.call(s.ctx, http.MethodPut, path, body)
	if err != nil {
		return fmt.Errorf("%s: %s: %w", file, name, err)
	}
	_, _ = fmt.Fprintln(s.out, a.body)
	for _, w := range a.warnings {
		_, _ = fmt.Fprintf(s.out, "  warning: %s\n", w)
	}
	return nil
}
