package rule

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// With sendError the sinks get what is wrong with a row, in its place, and the
// rule goes on; without it they do not.
func TestSendError(t *testing.T) {
	for option, want := range map[string][]string{
		`false`: {`r[{"x":1}]`, `r[{"x":3}]`},
		`true`:  {`r[{"x":1}]`, `rproject: argument 1 of abs must be BIGINT or a number, not STRING`, `r[{"x":3}]`},
	} {
		t.Run(option, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &plant{feed: make(chan string)}
				m, st := openWith(t, "plant", p)
				if _, err := m.Execute(`CREATE STREAM s () WITH (TYPE="plant", FORMAT="json")`); err != nil {
					t.Fatal(err)
				}
				if _, warnings, err := m.Create(`{"id":"r","sql":"SELECT abs(a) AS x FROM s","actions":[{"plant":{}}],"options":{"sendError":` + option + `}}`); err != nil || len(warnings) > 0 {
					t.Fatal(warnings, err)
				}
				m.Start()
				for _, row := range []string{`{"a":-1}`, `{"a":"two"}`, `{"a":3}`} {
					p.feed <- row
				}
				time.Sleep(time.Second)
				synctest.Wait()
				expect(t, m, Running, "")
				if !slices.Equal(p.got, want) {
					t.Errorf("\n got %q\nwant %q", p.got, want)
				}
				if err := errors.Join(m.Close(context.Background()), st.Close()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
