package api_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"sluice/rules-service/internal/apitest"
)

// bound is a rule whose threshold comes from another kind of rows of its stream.
const bound = `{"id":"hot","sql":"SELECT t FROM demo WHERE t > $threshold","actions":[{"memory":{"topic":"x","sendSingle":true}}],` +
	`"options":{"params":{"threshold":{"value":80,"from":"SELECT threshold FROM demo"}}}}`

// withBound is a bench with that rule.
func withBound(t *testing.T) *bench {
	b := withDemo(t)
	b.want("POST", "/rules", bound, 201, "Rule hot was created successfully.")
	return b
}

// param is a parameter as the API answers it.
type param struct {
	Value         any
	Origin, From  string
	Since         int64
	Rows, Refused int
	LastRefusal   string
}

func (b *bench) params(rule string) map[string]param {
	b.t.Helper()
	status, text, _ := b.Call(b.t, "GET", "/rules/"+rule+"/params", "")
	var list map[string]param
	if err := json.Unmarshal([]byte(text), &list); status != 200 || err != nil {
		b.t.Fatalf("%d %s: %v", status, text, err)
	}
	return list
}

// Rows in front of a change see the old value, rows behind it the new one,
// though all of them come in one delivery.
func TestParameterFollowsAStream(t *testing.T) {
	b := withBound(t)
	b.same(b.params("hot"), map[string]param{"threshold": {Value: 80.0, Origin: "definition", From: "SELECT threshold FROM demo"}})
	b.Send(t, `{"t":79}`, `{"t":81}`, `{"threshold":90}`, `{"t":82}`, `{"t":91}`, `{"threshold":70.5}`, `{"t":71}`, `{"threshold":null}`, `{"t":70}`, `{"t":72}`)
	for _, want := range []int{81, 91, 71, 72} {
		b.Want(t, fmt.Sprintf(`{"t":%d}`, want))
	}
	b.WantNothing(t)
	p := b.params("hot")["threshold"]
	if p.Value != 70.5 || p.Origin != "query" || p.Rows != 2 || p.Refused != 0 || time.Since(time.UnixMilli(p.Since)) > time.Hour {
		t.Errorf("%+v", p)
	}
}

// Random rows and thresholds, against a loop.
func TestParameterChangesWhileRowsFlow(t *testing.T) {
	b := withBound(t)
	b.want("POST", "/rules", strings.NewReplacer(`"hot"`, `"low"`, "t > $", "t < $").Replace(bound), 201, "Rule low was created successfully.")
	b.want("POST", "/rules/low/stop", "", 200, "Rule low was stopped.") // one that comes and goes must not matter
	dice := rand.New(rand.NewPCG(1, 2))
	threshold, sent := 80, 0
	var want []string
	for sent < 20000 {
		var batch []string
		for range 1 + dice.IntN(40) {
			sent++
			if dice.IntN(5) == 0 {
				threshold = dice.IntN(100)
				batch = append(batch, fmt.Sprintf(`{"threshold":%d}`, threshold))
				continue
			}
			v := dice.IntN(100)
			batch = append(batch, fmt.Sprintf(`{"t":%d}`, v))
			if v > threshold {
				want = append(want, fmt.Sprintf(`{"t":%d}`, v))
			}
		}
		b.Send(t, batch...)
		for _, message := range want {
			b.Want(t, message)
		}
		want = want[:0]
	}
	b.WantNothing(t)
}

// A value of another type is refused and counted; the last good one counts.
func TestParameterOfAnotherType(t *testing.T) {
	b := withBound(t)
	b.Send(t, `{"threshold":90}`, `{"threshold":"high"}`, `{"threshold":[1]}`, `{"t":91}`, `{"t":89}`)
	b.Want(t, `{"t":91}`)
	b.WantNothing(t)
	if p := b.params("hot")["threshold"]; p.Value != 90.0 || p.Refused != 2 || p.Rows != 3 || !strings.Contains(p.LastRefusal, "parameter $threshold: a ARRAY is no value") {
		t.Errorf("%+v", p)
	}
	status := b.status("hot")
	for key, want := range map[string]any{"param_threshold_value": 90.0, "param_threshold_origin": "query", "param_threshold_exceptions_total": 2.0,
		"param_threshold_from": "SELECT threshold FROM demo", "param_threshold_records_in_total": 3.0} {
		if status[key] != want {
			t.Errorf("%s is %v", key, status[key])
		}
	}
}

func (b *bench) status(rule string) map[string]any {
	b.t.Helper()
	_, text, _ := b.Call(b.t, "GET", "/rules/"+rule+"/status", "")
	var status map[string]any
	if err := json.Unmarshal([]byte(text), &status); err != nil {
		b.t.Fatal(err)
	}
	return status
}

// Without a first value there is none until the first row, whose type is that
// of the parameter.
func TestParameterWithoutAFirstValue(t *testing.T) {
	b := withDemo(t)
	b.want("POST", "/rules", strings.Replace(bound, `"value":80,`, "", 1), 201, "Rule hot was created successfully.")
	b.Send(t, `{"t":1000}`, `{"threshold":true}`, `{"threshold":5}`, `{"t":6}`)
	b.until(func() bool { return b.params("hot")["threshold"].Rows == 2 })
	if p := b.params("hot")["threshold"]; p.Value != true || p.Refused != 1 {
		t.Errorf("%+v", p)
	}
	b.WantNothing(t)
}

func TestParametersByHand(t *testing.T) {
	b := withBound(t)
	b.want("POST", "/rules", `{"id":"fixed","sql":"SELECT t FROM demo WHERE t < $low","options":{"params":{"low":10,"name":"x"}},"actions":[{"memory":{"sendSingle":true}}]}`, 201, "Rule fixed was created successfully.")
	for _, c := range []struct{ rule, body, message string }{
		{"fixed", `{"lo":1}`, `rule fixed has no parameter "lo"; did you mean "low"?`},
		{"fixed", `{"low":1,"quite_else":1}`, `rule fixed has no parameter "quite_else"; its option params names those that it has`},
		{"fixed", `{"low":1,"name":2}`, "parameter $name: it is a STRING, not a BIGINT"},
		{"fixed", `{"low":[1]}`, "low must be a number, a text, true, false or null, not an array"},
		{"fixed", `[1]`, `the body must be an object of values by the names of parameters, such as {"threshold": 85}`},
		{"fixed", `{"low":1`, "the body must be an object"},
	} {
		b.refused("PUT", "/rules/"+c.rule+"/params", c.body, 400, 1000, c.message)
	}
	b.refused("PUT", "/rules/none/params", `{"low":1}`, 404, 1002, "rule none is not found")
	b.refused("GET", "/rules/none/params", "", 404, 1002, "rule none is not found")
	b.same(b.params("fixed")["low"], param{Value: 10.0, Origin: "definition"})

	b.want("PUT", "/rules/fixed/params", `{"low":20.5,"name":"y"}`, 200, `{"low":{"value":20.5,"origin":"hand",…`)
	b.want("PUT", "/rules/hot/params", `{"threshold":50}`, 200, `{"threshold":{"value":50,"origin":"hand",…`)
	b.Send(t, `{"t":20}`)
	b.Want(t, `{"t":20}`)
	b.Send(t, `{"t":51}`, `{"threshold":52}`, `{"t":52}`)
	b.Want(t, `{"t":51}`)
	b.until(func() bool { return b.params("hot")["threshold"].Value == 52.0 })
	b.want("PUT", "/rules/fixed/params", `{"low":null}`, 200, `{"low":{"value":10,"origin":"definition",…`)
	b.want("PUT", "/rules/hot/params", `{"threshold":null}`, 200, `{"threshold":{"value":80,"origin":"definition",…`)
	b.Send(t, `{"t":20}`, `{"t":79}`, `{"t":81}`)
	b.Want(t, `{"t":81}`)
	b.WantNothing(t)
}

// Values outlive the service, and changes of the rule that leave their names.
func TestParametersAreKept(t *testing.T) {
	dir := t.TempDir()
	b := &bench{startIn(t, dir), t}
	b.want("POST", "/streams", createDemo, 201, "Stream demo is created.")
	two := strings.Replace(bound, `"params":{`, `"params":{"low":10,`, 1)
	b.want("POST", "/rules", two, 201, "Rule hot was created successfully.")
	b.want("POST", "/rules", strings.Replace(bound, `"hot"`, `"gone"`, 1), 201, "Rule gone was created successfully.")
	b.Send(t, `{"threshold":90}`, `{"t":91}`)
	b.Want(t, `{"t":91}`)
	b.Want(t, `{"t":91}`)
	b.want("PUT", "/rules/hot/params", `{"low":7}`, 200, `{"low":{"value":7,…`)
	b.want("DELETE", "/rules/gone", "", 200, "Rule gone is dropped.")
	b.want("POST", "/rules", strings.Replace(bound, `"hot"`, `"gone"`, 1), 201, "Rule gone was created successfully.")
	b.want("POST", "/rules/gone/stop", "", 200, "Rule gone was stopped.")
	again := func() {
		t.Helper()
		b.Close(t)
		b = &bench{startIn(t, dir), t}
	}
	again()
	b.same(b.params("gone")["threshold"].Value, 80.0)
	b.Send(t, `{"t":81}`, `{"t":92}`)
	b.Want(t, `{"t":92}`)
	b.same([]any{b.params("hot")["threshold"].Value, b.params("hot")["low"].Value}, []any{90.0, 7.0})

	two = strings.NewReplacer("SELECT threshold FROM demo", "SELECT other AS x FROM demo", `"value":80`, `"value":60`).Replace(two)
	b.want("PUT", "/rules/hot", two, 200, "Rule hot was updated successfully.")
	again()
	b.Send(t, `{"t":81}`, `{"threshold":1}`, `{"t":2}`, `{"t":93}`, `{"other":94}`, `{"t":94}`, `{"t":95}`)
	b.Want(t, `{"t":93}`)
	b.Want(t, `{"t":95}`)

	b.want("PUT", "/rules/hot", strings.Replace(two, `"low":10`, `"low":11`, 1), 200, "Rule hot was updated successfully.")
	b.same([]any{b.params("hot")["threshold"].Value, b.params("hot")["low"].Value}, []any{94.0, 11.0})
	b.want("PUT", "/rules/hot", `{"id":"hot","sql":"SELECT t FROM demo","actions":[{"memory":{"sendSingle":true}}]}`, 200, "Rule hot was updated successfully.")
	b.want("PUT", "/rules/hot", bound, 200, "Rule hot was updated successfully.")
	again()
	b.same(b.params("hot")["threshold"].Value, 80.0)
	b.WantNothing(t)
}

// What is wrong with the query of a parameter is found like what is wrong with
// that of the rule.
func TestQueryOfAParameter(t *testing.T) {
	b := withDemo(t)
	b.want("POST", "/streams", sql(`CREATE STREAM typed (a BIGINT, s STRING, l ARRAY(BIGINT)) WITH (TYPE="memory", DATASOURCE="d", FORMAT="json")`), 201, "Stream typed is created.")
	for from, want := range map[string]string{
		"SELECT threshold FROM dmo":                        `1:23: options.params.threshold.from: unknown stream "dmo"`,
		"SELECT x FROM typed":                              `1:8: options.params.threshold.from: unknown column "x"`,
		"SELECT threshold":                                 "1:17: options.params.threshold.from: ",
		"SELECT a, s FROM typed":                           "options.params.threshold.from: it must select one column, the value of the parameter",
		"SELECT * FROM demo":                               "options.params.threshold.from: it must select one column, the value of the parameter",
		"SELECT avg(a) FROM typed GROUP BY COUNTWINDOW(2)": "options.params.threshold.from: a parameter is set by the rows of one stream",
		"SELECT s FROM typed":                              "options.params.threshold.from: it selects a STRING, but value is a BIGINT",
		"SELECT l FROM typed":                              "options.params.threshold.from: it selects a ARRAY; a parameter is a number, a text or a BOOLEAN",
		"":                                                 "options.params.threshold.from is missing; give the query whose rows set the parameter, or the value alone",
		"SELECT threshold FROM demo WHERE threshold > $threshold": "options.params.threshold.from: unknown parameter $threshold",
	} {
		text := strings.Replace(bound, "SELECT threshold FROM demo", from, 1)
		if status, got, _ := b.Call(t, "POST", "/rules", text); status != 400 || !strings.Contains(got, quoted(want)) {
			t.Errorf("%s\n got %d %s\nwant %s", from, status, got, quoted(want))
		}
	}
	b.refused("POST", "/apply", `{"rules":{"hot":`+strings.Replace(bound, "threshold FROM demo", "threshold FROM\\n dmo", 1)+`}}`, 400, 1000, "unknown stream")
	f := b.refused("POST", "/rules", strings.Replace(bound, "threshold FROM demo", "threshold FROM\\n dmo", 1), 400, 2101, "unknown stream")
	b.same([]any{f["line"], f["column"], f["hint"]}, []any{2.0, 2.0, `Did you mean "demo"?`})
}

func quoted(text string) string {
	quoted, _ := json.Marshal(text)
	return strings.Trim(string(quoted), `"`)
}

// A stream that a parameter needs stays, and its changes reach the parameter.
func TestStreamOfAParameter(t *testing.T) {
	b := &bench{apitest.StartBuiltin(t, t.TempDir(), ""), t}
	b.want("POST", "/streams", sql(`CREATE STREAM rows () WITH (TYPE="memory", DATASOURCE="rows")`), 201, "Stream rows is created.")
	b.want("POST", "/streams", sql(`CREATE STREAM limits () WITH (TYPE="memory", DATASOURCE="limits")`), 201, "Stream limits is created.")
	b.want("POST", "/rules", `{"id":"r","sql":"SELECT t FROM rows WHERE t > $limit","actions":[{"test":{"sendSingle":true}}],"options":{"params":{"limit":{"value":80,"from":"SELECT v FROM limits"}}}}`, 201, "Rule r was created successfully.")
	b.refused("DELETE", "/streams/limits", "", 400, 1000, "stream limits has been referenced by other rules: r")
	b.Publish(t, "limits", `{"v":50}`)
	b.until(func() bool { return b.params("r")["limit"].Value == 50.0 })
	b.Publish(t, "rows", `{"t":50}`, `{"t":51}`)
	b.Want(t, `{"t":51}`)
	b.want("PUT", "/streams/limits", sql(`CREATE STREAM limits () WITH (TYPE="memory", DATASOURCE="others")`), 200, "Stream limits is replaced.")
	b.Publish(t, "limits", `{"v":1}`)
	b.Publish(t, "others", `{"v":60}`)
	b.until(func() bool { return b.params("r")["limit"].Value == 60.0 })
	b.Publish(t, "rows", `{"t":60}`, `{"t":61}`)
	b.Want(t, `{"t":61}`)
	b.want("DELETE", "/rules/r", "", 200, "Rule r is dropped.")
	b.want("DELETE", "/streams/limits", "", 200, "Stream limits is dropped.")
}

// until waits for a condition.
func (b *bench) until(ok func() bool) {
	b.t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			b.t.Fatal("it never came")
		}
	}
}

// A rule that sets its own parameter goes on: each row raises the limit to
// itself.
func TestParameterOfItsOwnRule(t *testing.T) {
	b := &bench{apitest.StartBuiltin(t, t.TempDir(), ""), t}
	b.want("POST", "/streams", sql(`CREATE STREAM rows () WITH (TYPE="memory", DATASOURCE="rows")`), 201, "Stream rows is created.")
	b.want("POST", "/streams", sql(`CREATE STREAM peaks () WITH (TYPE="memory", DATASOURCE="peaks")`), 201, "Stream peaks is created.")
	b.want("POST", "/rules", `{"id":"r","sql":"SELECT t FROM rows WHERE t > $peak","actions":[{"memory":{"topic":"peaks","sendSingle":true}},{"test":{"sendSingle":true}}],"options":{"params":{"peak":{"value":0,"from":"SELECT t FROM peaks"}}}}`, 201, "Rule r was created successfully.")
	b.want("POST", "/rules", `{"id":"loop","sql":"SELECT t + $step AS t FROM peaks WHERE t < 300","actions":[{"memory":{"topic":"peaks","sendSingle":true}}],"options":{"params":{"step":{"value":1,"from":"SELECT t % 3 + 1 FROM peaks"}}}}`, 201, "Rule loop was created successfully.")
	for i := 1; i <= 200; i++ {
		b.Publish(t, "rows", fmt.Sprintf(`{"t":%d}`, 10000*i))
		b.Want(t, fmt.Sprintf(`{"t":%d}`, 10000*i))
		b.until(func() bool { return b.params("r")["peak"].Value == float64(10000*i) })
	}
	b.Publish(t, "peaks", `{"t":1}`)
	b.until(func() bool { v, _ := b.params("r")["peak"].Value.(float64); return v >= 295 && v < 300 })
}

// The threshold of a window is the one at its end.
func TestParameterInHaving(t *testing.T) {
	b := withDemo(t)
	b.want("POST", "/rules", `{"id":"r","sql":"SELECT avg(t) AS mean FROM demo GROUP BY COUNTWINDOW(2) HAVING avg(t) > $threshold","actions":[{"memory":{"topic":"x"}}],`+
		`"options":{"params":{"threshold":{"value":80,"from":"SELECT threshold FROM demo"}}}}`, 201, "Rule r was created successfully.")
	b.Send(t, `{"t":90}`, `{"t":92,"threshold":100}`, `{"t":100}`, `{"t":60,"threshold":70}`, `{"t":80}`, `{"t":50}`)
	b.Want(t, `[{"mean":80}]`)
	b.Send(t, `{"t":70}`, `{"t":71}`)
	b.Want(t, `[{"mean":70.5}]`)
	b.WantNothing(t)
}
