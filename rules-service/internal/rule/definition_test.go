package rule

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

func parse(t *testing.T, text string) (*Definition, []string) {
	t.Helper()
	d, warnings, err := ParseDefinition(text)
	if err != nil {
		t.Fatal(err)
	}
	return d, warnings
}

func TestParseDefinition(t *testing.T) {
	d, warnings := parse(t, `{"id":"r-1","name":"shown","version":"2","triggered":false,"tags":["a"],"sql":"SELECT 1","actions":[{"mqtt":{"qos":1}},{"log":null,"file":{}}],
		"options":{"sendNilField":true,"restartStrategy":{"attempts":3,"delay":"2s","multiplier":1.5,"maxDelay":10000,"jitterFactor":0}}}`)
	want := &Definition{
		ID: "r-1", Name: "shown", Version: "2", Tags: []string{"a"}, SQL: "SELECT 1",
		Actions: []Action{{0, "mqtt", map[string]any{"qos": 1.0}}, {1, "file", nil}, {1, "log", nil}},
		Options: Options{Query: sqlengine.Options{SendNil: true, LateTolerance: time.Second}, Restart: &RestartStrategy{Attempts: 3, Delay: 2 * time.Second, Multiplier: 1.5, MaxDelay: 10 * time.Second}},
	}
	if diff := cmp.Diff(want, d, cmpopts.IgnoreUnexported(Definition{})); diff != "" {
		t.Error(diff)
	}
	if len(warnings) > 0 {
		t.Error(warnings)
	}
}

func TestDefaultsOfADefinition(t *testing.T) {
	d, _ := parse(t, `{"id":"r","sql":"SELECT 1","actions":[{"log":{}}]}`)
	want := &Definition{ID: "r", Name: "r", Triggered: true, SQL: "SELECT 1", Actions: []Action{{0, "log", nil}}, Options: Options{Query: sqlengine.Options{LateTolerance: time.Second}, Restart: &defaultRestart}}
	if diff := cmp.Diff(want, d, cmpopts.IgnoreUnexported(Definition{})); diff != "" {
		t.Error(diff)
	}
}

func TestOptionsOfTheQuery(t *testing.T) {
	d, warnings := parse(t, `{"id":"r","sql":"SELECT 1","actions":[{"log":{}}],"options":{"isEventTime":true,"lateTolerance":"2s","idleTimeout":5000,
		"params":{"limit":20,"share":0.5,"big":1e300,"device":"d1","on":true,"nothing":null},
		"planOptimizeStrategy":{"windowOption":{"windowVersion":"v2","enableSendSlidingWindowTwice":true}}}}`)
	q := d.Options.Query
	if len(warnings) > 0 || !q.EventTime || q.LateTolerance != 2*time.Second || q.IdleTimeout != 5*time.Second || !q.SlidingVersion2 || !q.SendTwice {
		t.Errorf("%+v, %v", q, warnings)
	}
	for name, want := range map[string]value.Value{"limit": value.OfInt(20), "share": value.OfFloat(0.5), "big": value.OfFloat(1e300),
		"device": value.OfString("d1"), "on": value.OfBool(true), "nothing": {}} {
		if got, ok := q.Params[name]; !ok || got.String() != want.String() || got.Kind() != want.Kind() {
			t.Errorf("%s is %v", name, got)
		}
	}
}

// The options that EdgeX's UI always sends.
func TestOptionsOfEdgeXUI(t *testing.T) {
	_, warnings := parse(t, `{"id":"r","sql":"SELECT 1","actions":[{"log":{}}],"options":{"isEventTime":false,"lateTolerance":1000,"concurrency":1,"bufferLength":1024,"sendMetaToSink":false,"sendError":false,"qos":0,"checkpointInterval":300000}}`)
	if len(warnings) > 0 {
		t.Error(warnings)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for options, want := range map[string]string{
		`"x"`:                                    `options must be an object, not the text "x"`,
		`{"bufferLength":-1}`:                    "options.bufferLength must be a whole number of at least 0, not -1",
		`{"concurrency":1.5}`:                    "options.concurrency must be a whole number of at least 0, not 1.5",
		`{"concurrency":"1"}`:                    `options.concurrency must be a whole number of at least 0, not the text "1"`,
		`{"lateTolerance":-1}`:                   `options.lateTolerance must be milliseconds or a text such as "10s", of at least 0, not -1`,
		`{"lateTolerance":"1 s"}`:                `options.lateTolerance must be milliseconds or a text such as "10s"`,
		`{"lateTolerance":1e300}`:                "options.lateTolerance must be milliseconds",
		`{"isEventTime":1}`:                      "options.isEventTime must be true or false, not 1",
		`{"qos":3}`:                              "options.qos: there are 0, 1 and 2, not 3",
		`{"sendMetaToSink":1}`:                   "options.sendMetaToSink must be true or false, not 1",
		`{"sendMetaToSink":1,"qos":-1}`:          "not 1; options.qos must be",
		`{"restartStrategy":{"attempts":-1}}`:    "options.restartStrategy.attempts must be a whole number of at least 0, not -1",
		`{"restartStrategy":{"jitterFactor":2}}`: "options.restartStrategy.jitterFactor must be between 0 and 1",
		`{"planOptimizeStrategy":{"windowOption":{"windowVersion":"v3"}}}`: `windowVersion must be v1 or v2, not "v3"`,
		`{"params":{"limit":[1]}}`: "options.params.limit must be a number, a text, true, false or null, not an array",
	} {
		_, _, err := ParseDefinition(`{"id":"r","sql":"SELECT 1","actions":[{"log":{}}],"options":` + options + `}`)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n got %v\nwant %s", options, err, want)
		}
	}
}

func TestUnknownKeysAreWarnings(t *testing.T) {
	_, warnings := parse(t, `{"id":"r","ID2":1,"sql":"SELECT 1","actions":[{"log":{}}],"options":{"Qos":0,"restartStrategy":{"atempts":1},"experiment":{"zzz":1}}}`)
	want := []string{
		`options.restartStrategy.atempts is unknown and has no effect; did you mean "attempts"?`,
		`options.experiment.zzz is unknown and has no effect`,
		`ID2 is unknown and has no effect; did you mean "id"?`,
	}
	if diff := cmp.Diff(want, warnings); diff != "" {
		t.Error(diff)
	}
}

func TestPlaceOfASyntaxError(t *testing.T) {
	_, _, err := ParseDefinition("{\"id\": \"r\",\n  \"sql\" \"SELECT\"}")
	if err == nil || !strings.Contains(err.Error(), "line 2, column 9") {
		t.Errorf("error %v", err)
	}
}

func TestTriggeredIsRewritten(t *testing.T) {
	const text = `{ "id":"r","sql":"SELECT 1","actions":[{"log":{}}] }`
	for triggered, want := range map[bool]string{true: text, false: `{"actions":[{"log":{}}],"id":"r","sql":"SELECT 1","triggered":false}`} {
		def, _ := parse(t, text)
		if got, err := (&shown{def: def, text: text, triggered: triggered}).wantedText(); err != nil || got != want {
			t.Errorf("%v: %s, %v", triggered, got, err)
		}
	}
}

func TestTriggeredInAnotherSpelling(t *testing.T) {
	got, err := withKey(`{"id":"r","sql":"SELECT 1","actions":[{"log":{}}],"Triggered":true}`, "triggered", false)
	if want := `{"actions":[{"log":{}}],"id":"r","sql":"SELECT 1","triggered":false}`; err != nil || got != want {
		t.Errorf("%s, %v", got, err)
	}
}

func FuzzParseDefinition(f *testing.F) {
	f.Add(`{"id":"r","sql":"SELECT 1","actions":[{"log":{}}],"options":{"qos":0,"lateTolerance":"1s","restartStrategy":{"delay":1}}}`)
	f.Add(`{"id":null,"actions":[null],"options":[]}`)
	f.Add(`{"ID":"r","Sql":"x","actions":[{"a":null,"b":{}}],"triggered":false,"x":1}`)
	f.Fuzz(func(t *testing.T, text string) {
		d, _, err := ParseDefinition(text)
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without words")
			}
			return
		}
		if !validID.MatchString(d.ID) || d.SQL == "" || len(d.Actions) == 0 || d.Options.Restart.Delay < 0 || d.Options.Restart.Attempts < Unlimited {
			t.Errorf("accepted %+v", d)
		}
		// What was accepted is accepted again after start and stop rewrote it.
		again, err := withKey(text, "triggered", !d.Triggered)
		if err != nil || !json.Valid([]byte(again)) {
			t.Fatalf("%s: %v", again, err)
		}
		if d2, _, err := ParseDefinition(again); err != nil || d2.Triggered == d.Triggered || d2.ID != d.ID {
			t.Errorf("%s becomes %s: %v", text, again, err)
		}
	})
}
