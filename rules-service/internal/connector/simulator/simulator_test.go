package simulator

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
)

func registry() *connector.Registry {
	r := connector.NewRegistry()
	Register(r)
	return r
}

func env() connector.Env { return connector.Env{Log: slog.New(slog.DiscardHandler)} }

func props(t *testing.T, text string) map[string]any {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var out map[string]any
	if err := dec.Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

func open(t *testing.T, text string) (connector.Source, error) {
	t.Helper()
	info, err := registry().Source("simulator")
	if err != nil {
		t.Fatal(err)
	}
	c, err := info.Decode(props(t, text), env())
	if err != nil {
		return nil, err
	}
	return c.Open()
}

func TestSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for loop, want := range map[string]string{
			"false": `0s {"a":1,"b":null} 2s {"a":9007199254740993} end`,
			"true":  `0s {"a":1,"b":null} 2s {"a":9007199254740993} 4s {"a":1,"b":null} 6s {"a":9007199254740993} 8s {"a":1,"b":null}`,
		} {
			s, err := open(t, `{"datasource":"any","data":[{"a":1,"b":null},{"a":9007199254740993}],"interval":"2s","loop":`+loop+`}`)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Connect(t.Context()); err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			var got []string
			for len(got) < 10 {
				msgs, ack, err := s.Read(t.Context())
				if errors.Is(err, connector.ErrEndOfInput) {
					got = append(got, "end")
					break
				}
				if err != nil || ack != nil || len(msgs) != 1 || !msgs[0].Time.Equal(time.Now()) {
					t.Fatal(msgs, err)
				}
				got = append(got, time.Since(start).String(), string(msgs[0].Payload))
			}
			if strings.Join(got, " ") != want {
				t.Errorf("loop %s: %s", loop, strings.Join(got, " "))
			}
		}
	})
}

// Rules that take long do not make the rows come in a burst afterwards.
func TestSourceKeepsItsRhythm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := open(t, `{"data":[{"a":1}],"interval":1000}`)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		var at []time.Duration
		for i := range 5 {
			if _, _, err := s.Read(t.Context()); err != nil {
				t.Fatal(err)
			}
			at = append(at, time.Since(start))
			if i == 1 {
				time.Sleep(10 * time.Second)
			}
			time.Sleep(300 * time.Millisecond)
		}
		for i := 3; i < len(at); i++ {
			if gap := at[i] - at[i-1]; gap != time.Second {
				t.Errorf("rows at %v", at)
			}
		}
	})
}

func TestSourceCancelAndClose(t *testing.T) {
	h := connectortest.Source{
		New: func(t *testing.T) connector.Source {
			s, err := open(t, `{"data":[{"n":1}],"interval":"1h"}`)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if err := s.Connect(ctx); err != nil {
				t.Fatal(err)
			}
			if _, _, err := s.Read(ctx); err != nil { // the next row is an hour away
				t.Fatal(err)
			}
			return &waiting{s}
		},
	}
	h.RunWithoutServer(t)
}

// waiting is a source whose connection is there.
type waiting struct{ connector.Source }

func (waiting) Connect(context.Context) error { return nil }

func TestProperties(t *testing.T) {
	for text, want := range map[string]string{
		`{"data":[{"a":1}]}`:               "",
		`{"data":[]}`:                      `property "data" has no row`,
		`{}`:                               `property "data" is missing`,
		`{"data":[1]}`:                     `property "data"[0]: an object is wanted, not 1`,
		`{"data":[{"a":1}],"interval":-1}`: "must not be negative",
		`{"data":[{"a":1}],"interval":0}`:  "must be above 0 with loop",
		`{"data":[{"a":1}],"interval":0,"loop":false}`:    "",
		`{"data":[{"a":1}],"interval":"1s","lopp":false}`: `did you mean "loop"?`,
	} {
		_, err := open(t, text)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestLookupConformance(t *testing.T) {
	var rows []string
	for _, r := range connectortest.LookupRows() {
		text, err := json.Marshal(map[string]any{"id": r.Get("id").Float(), "name": r.Get("name").Str(), "site": r.Get("site").Str()})
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, string(text))
	}
	h := connectortest.Lookup{New: func(t *testing.T) connector.Lookup {
		info, err := registry().Lookup("simulator")
		if err != nil {
			t.Fatal(err)
		}
		c, err := info.Decode(props(t, `{"key":"id","data":[`+strings.Join(rows, ",")+`]}`), env())
		if err != nil {
			t.Fatal(err)
		}
		l, err := c.Open()
		if err != nil {
			t.Fatal(err)
		}
		return l
	}}
	h.Run(t)
}
