package apitest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// plant is a service with the built-in connectors, and what a test says to it.
type plant struct {
	*Service
	t *testing.T
}

func newPlant(t *testing.T, dir string) plant {
	t.Helper()
	return plant{StartBuiltin(t, dir, ""), t}
}

// define executes CREATE statements by REST.
func (p plant) define(statements ...string) {
	p.t.Helper()
	for _, sql := range statements {
		if status, body := p.create(sql); status != 201 {
			p.t.Fatalf("%s: %d %s", sql, status, body)
		}
	}
}

func (p plant) create(sql string) (int, string) {
	p.t.Helper()
	path := "/streams"
	if strings.HasPrefix(sql, "CREATE TABLE") {
		path = "/tables"
	}
	text, err := json.Marshal(map[string]string{"sql": sql})
	if err != nil {
		p.t.Fatal(err)
	}
	status, body, _ := p.Call(p.t, "POST", path, string(text))
	return status, body
}

// rule creates a rule by REST; an action is the name of a sink and JSON.
func (p plant) rule(id, sql, sink, props string) {
	p.t.Helper()
	if status, body := p.tryRule(id, sql, sink, props); status != 201 {
		p.t.Fatalf("%s: %d %s", id, status, body)
	}
}

func (p plant) tryRule(id, sql, sink, props string) (int, string) {
	p.t.Helper()
	text, err := json.Marshal(map[string]any{
		"id": id, "sql": sql, "actions": []any{map[string]any{sink: json.RawMessage(props)}},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	status, body, _ := p.Call(p.t, "POST", "/rules", string(text))
	return status, body
}

// figure is a number of the status of a rule.
func (p plant) figure(rule, name string) float64 {
	p.t.Helper()
	_, body, _ := p.Call(p.t, "GET", "/rules/"+rule+"/status", "")
	var figures map[string]any
	if err := json.Unmarshal([]byte(body), &figures); err != nil {
		p.t.Fatal(err, body)
	}
	n, ok := figures[name].(float64)
	if !ok {
		p.t.Fatalf("%s is missing in %s", name, body)
	}
	return n
}

// until polls a condition.
func (p plant) until(what string, f func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(patience); !f(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatal("never: " + what)
		}
	}
}

const (
	in       = `CREATE STREAM demo () WITH (TYPE="memory", DATASOURCE="in/+")`
	machines = `CREATE TABLE machines () WITH (TYPE="memory", DATASOURCE="machines", KIND="lookup", KEY="id")`
	single   = `{"sendSingle":true}`
)

func TestMemoryLookupTableThatARuleFeeds(t *testing.T) {
	dir := t.TempDir()
	p := newPlant(t, dir)
	p.define(in, machines, `CREATE STREAM changes () WITH (TYPE="memory", DATASOURCE="changes")`)
	p.rule("feed", "SELECT * FROM changes", "memory", `{"topic":"machines","rowkindField":"kind","keyField":"id"}`)
	p.Publish(t, "changes", `{"kind":"insert","id":1,"name":"pump"}`, `{"id":2,"name":"fan"}`, `{"kind":"replace","id":3}`)
	p.until("the table is fed", func() bool {
		return p.figure("feed", "sink_memory_0_0_records_out_total")+p.figure("feed", "sink_memory_0_0_exceptions_total") == 3
	})
	// The rule that asks comes after the rows, which the table has all the same.
	p.rule("ask", "SELECT demo.id, machines.* FROM demo LEFT JOIN machines ON demo.id = machines.id", "test", single)
	p.Publish(t, "in/a", `{"id":1}`, `{"id":2}`, `{"id":3}`)
	p.Want(t, `{"id":1,"kind":"insert","name":"pump"}`)
	p.Want(t, `{"id":2,"name":"fan"}`)
	p.Want(t, `{"id":3}`)
	for name, want := range map[string]float64{"op_1_machines_0_records_in_total": 3, "op_1_machines_0_records_out_total": 2, "op_1_machines_0_exceptions_total": 0} {
		if got := p.figure("ask", name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	p.Publish(t, "changes", `{"kind":"delete","id":1}`)
	p.until("the row is deleted", func() bool { return p.figure("feed", "sink_memory_0_0_records_out_total") == 3 })
	p.Publish(t, "in/a", `{"id":1}`)
	p.Want(t, `{"id":1}`)
	if status, body, _ := p.Call(t, "DELETE", "/tables/machines", ""); status != 400 || !strings.Contains(body, "referenced") {
		t.Errorf("%d %s", status, body)
	}
	p.Close(t)

	again := newPlant(t, dir) // the definition is read, the table is empty
	again.Publish(t, "in/a", `{"id":2}`)
	again.Want(t, `{"id":2}`)
}

func TestSimulatorLookupTable(t *testing.T) {
	p := newPlant(t, t.TempDir())
	p.define(in, `CREATE TABLE sites (id BIGINT, name STRING) WITH (TYPE="simulator", KIND="lookup", EXTRA="{\"data\":[{\"id\":1,\"name\":\"north\"},{\"id\":2,\"name\":7}],\"lookup\":{\"cache\":true}}")`)
	p.rule("r", "SELECT demo.id, sites.name AS site FROM demo INNER JOIN sites ON sites.id = demo.id", "test", single)
	p.Publish(t, "in/a", `{"id":1}`, `{"id":5}`, `{"id":null}`, `{"id":2}`)
	p.Want(t, `{"id":1,"site":"north"}`)
	p.Want(t, `{"id":2,"site":"7"}`)
}

func TestScanTableOfMemory(t *testing.T) {
	p := newPlant(t, t.TempDir())
	p.define(in, `CREATE TABLE limits () WITH (TYPE="memory", DATASOURCE="limits", RETAIN_SIZE="2")`)
	p.rule("r", "SELECT demo.t, limits.max AS most FROM demo INNER JOIN limits ON demo.t > limits.max", "test", `{}`)
	p.Publish(t, "in/a", `{"t":100}`)
	p.until("the first row has passed", func() bool { return p.figure("r", "source_demo_0_records_out_total") == 1 })
	p.Publish(t, "limits", `{"max":10}`, `{"max":20}`, `{"max":30}`)
	p.until("the table is there", func() bool { return p.figure("r", "source_limits_0_records_out_total") == 3 })
	p.until("the rule has it", func() bool {
		status, body, _ := p.Call(t, "GET", "/rules/r/scantables", "")
		return status == 200 && strings.Contains(body, `[{"emitter":"limits","content":{"max":20}},{"emitter":"limits","content":{"max":30}}]`)
	})
	p.Publish(t, "in/a", `{"t":25}`, `{"t":35}`)
	p.Want(t, `[{"most":20,"t":25}]`)
	p.Want(t, `[{"most":20,"t":35},{"most":30,"t":35}]`)
	p.rule("later", "SELECT demo.t, limits.max AS most FROM demo INNER JOIN limits ON demo.t > limits.max AND limits.max = 30", "test", single)
	p.Publish(t, "in/a", `{"t":31}`)
	got := map[string]bool{<-p.memory.out: true, <-p.memory.out: true}
	if !got[`[{"most":20,"t":31},{"most":30,"t":31}]`] || !got[`{"most":30,"t":31}`] {
		t.Error(got)
	}
}

func TestMemoryStreamKnowsTheTopic(t *testing.T) {
	p := newPlant(t, t.TempDir())
	p.define(in)
	p.rule("r", "SELECT id, meta(topic) AS topic FROM demo", "test", single)
	p.Publish(t, "in/a/b", `{"id":0}`)
	p.Publish(t, "in/a", `{"id":1}`)
	p.Publish(t, "in/b", `{"id":2}`)
	p.Want(t, `{"id":1,"topic":"in/a"}`)
	p.Want(t, `{"id":2,"topic":"in/b"}`)
}

func TestSimulatorStream(t *testing.T) {
	p := newPlant(t, t.TempDir())
	p.define(`CREATE STREAM sim (n BIGINT) WITH (TYPE="simulator", DATASOURCE="", FORMAT="json", EXTRA="{\"data\":[{\"n\":1},{\"n\":2},{\"n\":3}],\"interval\":1,\"loop\":false}")`)
	p.rule("r", "SELECT n + 1 AS m FROM sim", "test", single)
	for _, want := range []string{`{"m":2}`, `{"m":3}`, `{"m":4}`} {
		p.Want(t, want)
	}
	p.until("it has ended", func() bool { return p.figure("r", "source_sim_0_connection_status") == -1 })
}

// A table whose source ends by itself is there before the first row.
func TestScanTableOfSimulator(t *testing.T) {
	p := newPlant(t, t.TempDir())
	p.define(`CREATE STREAM sim () WITH (TYPE="simulator", EXTRA="{\"data\":[{\"id\":1},{\"id\":2}],\"loop\":false,\"interval\":0}")`,
		`CREATE TABLE names () WITH (TYPE="simulator", RETAIN_SIZE="2", EXTRA="{\"data\":[{\"id\":2,\"name\":\"b\"},{\"id\":1,\"name\":\"a\"}],\"loop\":false,\"interval\":1}")`)
	p.rule("r", "SELECT sim.id, names.name AS name FROM sim INNER JOIN names ON names.id = sim.id", "test", single)
	p.Want(t, `{"id":1,"name":"a"}`)
	p.Want(t, `{"id":2,"name":"b"}`)
}

// The checks of tables speak through the REST API.
func TestTableChecks(t *testing.T) {
	p := newPlant(t, t.TempDir())
	p.define(in, machines, `CREATE TABLE limits () WITH (TYPE="memory", DATASOURCE="limits")`)
	for sql, want := range map[string]string{
		`CREATE TABLE t () WITH (TYPE="memory", DATASOURCE="x", KIND="lookup")`:               "the option KEY is missing",
		`CREATE TABLE t () WITH (TYPE="memory", KIND="lookup", KEY="id")`:                     `property \"datasource\" is missing`,
		`CREATE TABLE t () WITH (TYPE="memry", DATASOURCE="x", KIND="lookup", KEY="id")`:      `did you mean \"memory\"?`,
		`CREATE TABLE t () WITH (TYPE="mqtt", DATASOURCE="x", KIND="lookup", KEY="id")`:       `unknown type of lookup table \"mqtt\"`,
		`CREATE STREAM s () WITH (TYPE="memory", DATASOURCE="a/#/b")`:                         "# must be the last level",
		`CREATE STREAM s () WITH (TYPE="simulator", EXTRA="{\"data\":[]}")`:                   "has no row",
		`CREATE TABLE t () WITH (TYPE="memory", DATASOURCE="x", EXTRA="{\"bufferLenth\":1}")`: `did you mean \"bufferLength\"?`,
	} {
		if status, body := p.create(sql); status != 400 || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s, want %s", sql, status, body, want)
		}
	}
	for sql, want := range map[string]string{
		"SELECT count(*) FROM limits GROUP BY TUMBLINGWINDOW(ss, 1)":      "cannot run window for TABLE sources",
		"SELECT * FROM machines":                                          "a query cannot read it alone",
		"SELECT * FROM demo INNER JOIN machines ON machines.id > demo.id": "at least one equi-join predicate is required",
		"SELECT * FROM machines INNER JOIN demo ON machines.id = demo.id": "is a lookup table",
		"SELECT * FROM demo INNER JOIN machine ON machine.id = demo.id":   `machines`,
	} {
		if status, body := p.tryRule("r", sql, "test", single); status != 400 || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s, want %s", sql, status, body, want)
		}
	}
}

// Rules that read what others write: all rows, in order, however fast the first
// ones come.
func TestRuleChainKeepsOrder(t *testing.T) {
	const rows, batch, shown = 20_000, 5000, 100
	p := newPlant(t, t.TempDir())
	p.define(`CREATE STREAM src () WITH (TYPE="test", FORMAT="json")`,
		`CREATE STREAM a () WITH (TYPE="memory", DATASOURCE="chain/a", SHARED="true")`,
		`CREATE STREAM b () WITH (TYPE="memory", DATASOURCE="+/b/#")`)
	p.rule("third", "SELECT n, lag(n) AS before FROM b WHERE n % 100 = 0", "test", single)
	p.rule("second", "SELECT n FROM a", "memory", `{"topic":"{{.topic}}","dataTemplate":"{\"n\":{{.n}}}","sendSingle":true}`)
	p.rule("first", "SELECT n, 'a' AS topic FROM src", "memory", `{"topic":"chain/{{.topic}}","sendSingle":true,"fields":["n"]}`)
	if status, body, _ := p.Call(t, "PUT", "/rules/second", `{"id":"second","sql":"SELECT n FROM a","actions":[{"memory":{"topic":"chain/b"}}]}`); status != 200 {
		t.Fatal(body)
	}
	go func() {
		for from := 0; from < rows; from += batch {
			list := make([]string, batch)
			for i := range list {
				list[i] = fmt.Sprintf(`{"n":%d}`, from+i)
			}
			p.Send(t, list...)
		}
	}()
	p.Want(t, `{"n":0}`)
	for i := shown; i < rows; i += shown {
		p.Want(t, fmt.Sprintf(`{"before":%d,"n":%d}`, i-1, i)) // the row before is there, too
	}
	p.until("all rows are counted", func() bool { return p.figure("third", "source_b_0_records_out_total") == rows })
	for _, s := range []struct{ rule, stream string }{{"second", "a"}, {"third", "b"}} {
		if n := p.figure(s.rule, "source_"+s.stream+"_0_dropped_total"); n != 0 {
			t.Errorf("%s lost %v", s.rule, n)
		}
	}
}

// A hundred rules in a row, a source that never stops, and the end of the
// service in the middle of it.
func TestLongChainEndsWhileItIsFull(t *testing.T) {
	const length = 100
	p := newPlant(t, t.TempDir())
	p.define(`CREATE STREAM src () WITH (TYPE="test", FORMAT="json")`)
	p.rule("r0", "SELECT n FROM src", "memory", `{"topic":"link/0","sendSingle":true,"bufferLength":10}`)
	for i := 1; i <= length; i++ {
		p.define(fmt.Sprintf(`CREATE STREAM s%d () WITH (TYPE="memory", DATASOURCE="link/%d", EXTRA="{\"bufferLength\":10}")`, i, i-1))
		p.rule(fmt.Sprintf("r%d", i), fmt.Sprintf("SELECT n FROM s%d", i), "memory", fmt.Sprintf(`{"topic":"link/%d","sendSingle":true,"bufferLength":10}`, i))
	}
	p.define(fmt.Sprintf(`CREATE STREAM last () WITH (TYPE="memory", DATASOURCE="link/%d")`, length))
	p.rule("last", "SELECT n FROM last", "test", single)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for n := 0; ctx.Err() == nil; n += 20 {
			var batch []string
			for i := range 20 {
				batch = append(batch, fmt.Sprintf(`{"n":%d}`, n+i))
			}
			p.sendUntil(ctx, batch)
		}
	}()
	for i := range 50 {
		p.Want(t, fmt.Sprintf(`{"n":%d}`, i))
	}
	closed, read := make(chan struct{}), make(chan struct{})
	go func() { // what is in the chain arrives still, in order
		defer close(read)
		for n := 50; ; n++ {
			select {
			case got := <-p.memory.out:
				if want := fmt.Sprintf(`{"n":%d}`, n); got != want {
					t.Errorf("%s, want %s", got, want)
				}
			case <-closed:
				return
			}
		}
	}()
	start := time.Now()
	p.Close(t)
	close(closed)
	if took := time.Since(start); took > patience/2 {
		t.Errorf("closing took %v", took)
	}
	cancel()
	<-ended
	<-read
}

// sendUntil is Send that gives up with ctx.
func (p plant) sendUntil(ctx context.Context, payloads []string) {
	d := delivery{payloads, make(chan bool, 1)}
	select {
	case p.memory.in <- d:
		<-d.taken
	case <-ctx.Done():
	}
}

// Rules that send themselves more than they take do not stop the others, or
// the end of the service.
func TestRulesThatFeedThemselves(t *testing.T) {
	p := newPlant(t, t.TempDir())
	p.define(`CREATE STREAM loop () WITH (TYPE="memory", DATASOURCE="loop")`, `CREATE STREAM src () WITH (TYPE="test", FORMAT="json")`)
	p.rule("one", "SELECT n FROM loop", "memory", `{"topic":"loop"}`)
	p.rule("two", "SELECT n FROM loop", "memory", `{"topic":"loop"}`)
	p.rule("other", "SELECT n FROM src", "test", single)
	p.Publish(t, "loop", `{"n":0}`)
	p.until("more comes than sources are held back for", func() bool {
		return p.figure("one", "source_loop_0_records_in_total") > 20_000
	})
	for i := range 20 {
		p.Send(t, fmt.Sprintf(`{"n":%d}`, i))
		p.Want(t, fmt.Sprintf(`{"n":%d}`, i))
	}
	p.Close(t)
}
