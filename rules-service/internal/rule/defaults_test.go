package rule

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestOptionsAreInherited: sendNilField and others of the service are not
// inherited by rules elsewhere.
func TestOptionsAreInherited(t *testing.T) {
	d, err := ParseDefaults(map[string]any{"sendNilField": true, "lateTolerance": "7s", "qos": 1,
		"restartStrategy":      map[string]any{"attempts": 3, "delay": "1m"},
		"planOptimizeStrategy": map[string]any{"windowOption": map[string]any{"windowVersion": "v2"}}})
	if err != nil {
		t.Fatal(err)
	}
	parse := func(options string) Options {
		t.Helper()
		def, warnings, err := parseDefinition(`{"id":"r","sql":"SELECT 1","actions":[{"log":{}}]`+options+`}`, d)
		if err != nil || len(warnings) > 0 {
			t.Fatal(err, warnings)
		}
		return def.Options
	}
	for _, options := range []string{``, `,"options":{}`, `,"options":null`, `,"options":{"lateTolerance":null,"restartStrategy":null}`} {
		o := parse(options)
		if !o.Query.SendNil || o.Query.LateTolerance != 7*time.Second || o.QoS != 1 || o.Restart.Attempts != 3 || o.Restart.Delay != time.Minute ||
			o.Restart.MaxDelay != defaultRestart.MaxDelay || !o.Query.SlidingVersion2 {
			t.Errorf("%s: %+v", options, o)
		}
	}
	o := parse(`,"options":{"sendnilfield":false,"lateTolerance":5,"restartStrategy":{"delay":10}}`)
	if o.Query.SendNil || o.Query.LateTolerance != 5*time.Millisecond || o.Restart.Delay != 10*time.Millisecond || o.Restart.Attempts != 3 || o.QoS != 1 {
		t.Errorf("%+v", o)
	}
}

func TestBadDefaults(t *testing.T) {
	_, err := ParseDefaults(map[string]any{"qos": "high", "restartStrategy": map[string]any{"jitterFactor": 2}})
	if err == nil || err.Error() != `options of rules: restartStrategy.jitterFactor must be between 0 and 1; qos must be a whole number of at least 0, not the text "high"` {
		t.Error(err)
	}
}

// New options count for rules that start from then on.
func TestDefaultsThatChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, st := openWith(t, "quiet", quiet{})
		if _, err := m.Execute(`CREATE STREAM s () WITH (TYPE="quiet", FORMAT="json")`); err != nil {
			t.Fatal(err)
		}
		if _, _, err := m.Create(`{"id":"r","sql":"SELECT a FROM s","actions":[{"quiet":{}}],"options":{"restartStrategy":{"jitterFactor":0}}}`); err != nil {
			t.Fatal(err)
		}
		fails := func(pause time.Duration) {
			t.Helper()
			m.onFail("r", errBoom)
			if s := expect(t, m, Failed, "boom"); time.Until(s.next) != pause {
				t.Errorf("next start in %v, want %v", time.Until(s.next), pause)
			}
		}
		d, err := ParseDefaults(map[string]any{"restartStrategy": map[string]any{"delay": "9s"}})
		if err != nil {
			t.Fatal(err)
		}
		m.SetDefaults(d)
		fails(time.Second) // it runs with the old ones
		time.Sleep(time.Second)
		expect(t, m, Running, "")
		time.Sleep(time.Minute)
		fails(9 * time.Second)
		if err := errors.Join(m.Close(context.Background()), st.Close()); err != nil {
			t.Error(err)
		}
	})
}
