package hub

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluice/rules-service/internal/connector"
)

func TestRulesShareOneConnection(t *testing.T) {
	noLeak(t)
	b := newBench(t, demo, strings.Replace(demo, "STREAM demo", "STREAM typed", 1), strings.ReplaceAll(demo, "demo", "other"))
	a1, r1 := b.attach("r1", "SELECT a FROM demo")
	_, r2 := b.attach("r2", "SELECT a, b FROM demo WHERE b > 1")
	_, r3 := b.attach("r3", "SELECT b FROM typed")
	_, r4 := b.attach("r4", "SELECT a FROM other")

	b.feeds.get("demo").send(`{"a":1,"b":1}`, `{"a":2,"b":2}`)
	r1.want(t, "a=1 ", "a=2 ")
	r2.want(t, "a=2 b=2 ")
	r3.want(t, "b=1 ", "b=2 ")
	b.feeds.get("other").send(`{"a":5}`)
	r4.want(t, "a=5 ")
	if opened, closed := b.feeds.get("demo").connections(); opened != 1 || closed != 0 {
		t.Errorf("%d connections, %d closed", opened, closed)
	}
	if n := len(b.sources); n != 2 {
		t.Errorf("%d sources", n)
	}

	if err := a1.Detach(); err != nil {
		t.Error(err)
	}
	<-r1.closed
	b.feeds.get("demo").send(`{"a":3,"b":3}`)
	r2.want(t, "a=3 b=3 ")
	r1.wantNothing(t)
}

func TestSlotsAreTakenAndGivenBack(t *testing.T) {
	b := newBench(t, demo)
	send := func() { b.feeds.get("demo").send(`{"a":1,"b":2,"c":3,"d":4}`) }
	aa, ra := b.attach("a", "SELECT a FROM demo")
	send()
	ra.want(t, "a=1 ")
	_, rb := b.attach("b", "SELECT b FROM demo")
	send()
	ra.want(t, "a=1 ")
	rb.want(t, "b=2 ")

	aa.Detach()
	columns := b.Hub.streams["demo"].layout.schema.Columns
	if len(columns) != 2 || columns[0] != vacant || columns[1].Name != "b" {
		t.Errorf("layout %+v", columns)
	}
	_, rc := b.attach("c", "SELECT c, d FROM demo")
	send()
	rb.want(t, "b=2 ")
	rc.want(t, "c=3 d=4 ")
	if n := len(b.Hub.streams["demo"].layout.schema.Columns); n != 3 {
		t.Errorf("%d slots, want 3: the vacant one used again", n)
	}
}

// Rules come and go while rows flow: every row that a rule sees has the rule's
// columns in the rule's slots.
func TestRulesComeAndGoWhileRowsFlow(t *testing.T) {
	noLeak(t)
	b := newBench(t, demo)
	_, steady := b.attach("steady", "SELECT k0, k5 FROM demo")
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for n := 0; ; n++ {
			text := "{"
			for k := range 6 {
				text += fmt.Sprintf(`"k%d":%d,`, k, 10*n+k)
			}
			if !b.feeds.get("demo").giveUntil(stop, delivery{payloads: []string{text + `"x":0}`}}) {
				return
			}
		}
	}()
	var churn sync.WaitGroup
	for w := range 2 {
		churn.Go(func() {
			for i := range 20 {
				k := (w*3 + i) % 6
				out := newSink()
				a, err := b.tryAttach(fmt.Sprintf("churn%d", w), fmt.Sprintf("SELECT k%d FROM demo", k), out)
				if err != nil {
					t.Error(err)
					return
				}
				for range 2 {
					row, err := out.next()
					if err != nil {
						t.Error(err)
						return
					}
					var name, n int
					if _, err := fmt.Sscanf(row, "k%d=%d", &name, &n); err != nil || name != k || n%10 != k {
						t.Errorf("rule on k%d: row %q", k, row)
					}
				}
				if err := a.Detach(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	churn.Wait()
	close(stop)
	<-ended
	last := -1
	for {
		row, ok, _ := steady.take()
		if !ok {
			break
		}
		var k0, k5 int
		if row != "" {
			if _, err := fmt.Sscanf(row, "k0=%d k5=%d", &k0, &k5); err != nil || k5 != k0+5 || k0 != last+10 && last >= 0 {
				t.Fatalf("row %q after %d", row, last)
			}
			last = k0
		}
	}
	if last < 0 {
		t.Error("the steady rule saw nothing")
	}
}

func TestBadMessagesAreCounted(t *testing.T) {
	b := newBench(t, demo)
	a, out := b.attach("r", "SELECT a FROM demo")
	b.feeds.get("demo").send(`{"a":1}`, `nonsense`, `{"a":2}`)
	out.want(t, "a=1 ", "a=2 ")
	s := a.Stats().Sources[0]
	if s.Counts.Messages != 3 || s.Counts.Rows != 2 || s.Counts.Exceptions != 1 || s.Counts.LastException == "" || s.Counts.LastExceptionTime.IsZero() {
		t.Errorf("%+v", s.Counts)
	}
	if s.Connection.Status != Connected || s.Connection.LastConnected.IsZero() || s.Stream != "demo" {
		t.Errorf("%+v", s)
	}
	later, _ := b.attach("later", "SELECT a FROM demo")
	if c := later.Stats().Sources[0].Counts; c != (Counts{}) {
		t.Errorf("a new rule begins with %+v", c)
	}
}

func TestRuleFailsAlone(t *testing.T) {
	noLeak(t)
	b := newBench(t, demo)
	bad, worse := newSink(), newSink()
	bad.fail = func() error { return errors.New("no more") }
	worse.fail = func() error { panic("lost my head") }
	ab := b.attachTo("bad", "SELECT a FROM demo", bad)
	b.attachTo("worse", "SELECT a FROM demo", worse)
	_, good := b.attach("good", "SELECT a FROM demo")
	b.feeds.get("demo").send(`{"a":1}`)
	good.want(t, "a=1 ")
	for _, want := range []string{"bad: no more", "worse: panic: lost my head"} {
		if got := <-b.failures; !strings.HasPrefix(got, want) {
			t.Errorf("failure %q, want %q", got, want)
		}
	}
	b.feeds.get("demo").send(`{"a":2}`)
	good.want(t, "a=2 ")
	if err := ab.Detach(); err != nil {
		t.Error(err)
	}
	select {
	case f := <-b.failures:
		t.Errorf("it failed once more: %s", f)
	default:
	}
}

func TestLastRuleClosesTheConnection(t *testing.T) {
	noLeak(t)
	b := newBench(t, demo)
	for i := range 3 {
		a, out := b.attach("r", "SELECT a FROM demo")
		b.feeds.get("demo").send(`{"a":1}`)
		out.want(t, "a=1 ")
		if err := a.Detach(); err != nil {
			t.Fatal(err)
		}
		waitFor(t, func() bool {
			opened, closed := b.feeds.get("demo").connections()
			return opened == i+1 && closed == i+1
		})
	}
	if len(b.sources)+len(b.Hub.streams) != 0 {
		t.Error("the hub remembers streams that nobody reads")
	}
}

func TestKeptConnectionOutlivesItsRules(t *testing.T) {
	b := newBench(t, demo)
	a, _ := b.attach("r", "SELECT a FROM demo")
	waitFor(t, func() bool { return a.Stats().Sources[0].Connection.Status == Connected })
	release := b.Keep([]string{"demo", "unknown"})
	a.Detach()
	b.define(strings.Replace(demo, "()", "(a BIGINT)", 1)) // another definition, the same connection
	_, out := b.attach("r", "SELECT a FROM demo")
	release()
	b.feeds.get("demo").send(`{"a":1}`)
	out.want(t, "a=1 ")
	if opened, closed := b.feeds.get("demo").connections(); opened != 1 || closed != 0 {
		t.Errorf("%d connections, %d closed", opened, closed)
	}
	release = b.Keep([]string{"demo"})
	b.Keep(nil)()
	release()
	if opened, closed := b.feeds.get("demo").connections(); opened != 1 || closed != 0 {
		t.Errorf("%d connections, %d closed", opened, closed)
	}
}

func waitFor(t *testing.T, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !cond(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not come about")
		}
	}
}

func TestAckWaitsForTheShards(t *testing.T) {
	b := newBench(t, demo)
	_, out := b.attach("r", "SELECT a FROM demo")
	hold := make(chan struct{})
	out.fail = func() error { <-hold; return nil }
	acked := make(chan error, 2)
	b.feeds.get("demo").give(delivery{payloads: []string{`{"a":1}`}, ack: func(err error) { acked <- err }})
	b.feeds.get("demo").give(delivery{payloads: []string{`no row`}, ack: func(err error) { acked <- err }})
	if err := <-acked; err != nil { // the second: it has no row to wait for
		t.Error(err)
	}
	select {
	case <-acked:
		t.Error("acknowledged while the rule was at work")
	default:
	}
	close(hold)
	if err := <-acked; err != nil {
		t.Error(err)
	}
}

func TestChangedDefinitionNeedsItsRulesToStop(t *testing.T) {
	b := newBench(t, demo)
	a, _ := b.attach("old", "SELECT a FROM demo")
	b.define(strings.Replace(demo, "()", "(a BIGINT)", 1))
	if _, err := b.tryAttach("new", "SELECT a FROM demo", newSink()); err == nil || !strings.Contains(err.Error(), "its definition has changed") {
		t.Errorf("error %v", err)
	}
	a.Detach()
	_, out := b.attach("new", "SELECT a FROM demo")
	b.feeds.get("demo").send(`{"a":1}`)
	out.want(t, "a=1 ")
}

func TestCheck(t *testing.T) {
	b := newBench(t)
	for with, want := range map[string]string{
		`TYPE="feed", FORMAT="json"`:                                  "",
		`TYPE="feeed"`:                                                `unknown source type "feeed"; did you mean "feed"?`,
		`TYPE="feed", FORMAT="jsn"`:                                   `unknown format "jsn"; did you mean "json"?`,
		`TYPE="feed", EXTRA="{\"sever\":\"x\"}"`:                      `source feed: unknown property "sever"; did you mean "server"?`,
		`TYPE="feed", CONF_KEY="plant"`:                               `unknown CONF_KEY "plant"`,
		`TYPE="feed", CONF_KEY="default"`:                             "",
		`TYPE="feed", SCHEMAID="a.B"`:                                 "SCHEMAID names a message of format protobuf",
		`TYPE="feed", EXTRA="{\"useInt64ForWholeNumber\":\"maybe\"}"`: `property "useInt64ForWholeNumber": true or false is wanted`,
	} {
		err := b.Check(b.define(`CREATE STREAM demo () WITH (` + with + `)`))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: error %v, want %q", with, err, want)
		}
	}
}

func TestClosedHub(t *testing.T) {
	noLeak(t)
	b := newBench(t, demo)
	a, out := b.attach("r", "SELECT a FROM demo")
	if err := b.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := a.Detach(); err != nil {
		t.Error(err)
	}
	<-out.closed
	if a.Snapshot() != nil {
		t.Error("a snapshot of nothing")
	}
	if _, err := b.tryAttach("late", "SELECT a FROM demo", newSink()); !errors.Is(err, ErrClosed) {
		t.Errorf("error %v", err)
	}
}

func TestSourceComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, demo)
		f := b.feeds.get("demo")
		f.refuse = []error{errRefused, errRefused, errRefused}
		a, out := b.attach("r", "SELECT a FROM demo")
		synctest.Wait()
		c := a.Stats().Sources[0].Connection
		if c.Status != Disconnected || c.LastDisconnectedMessage != "connection refused" || c.LastTry.IsZero() {
			t.Errorf("%+v", c)
		}
		time.Sleep(firstPause + 2*firstPause + 4*firstPause) // it waits less: the pauses vary below these
		synctest.Wait()
		if c = a.Stats().Sources[0].Connection; c.Status != Connected {
			t.Errorf("%+v", c)
		}
		f.send(`{"a":1}`)
		out.want(t, "a=1 ")
		f.give(delivery{payloads: []string{`{"a":2}`}, err: connector.ErrNotConnected})
		out.want(t, "a=2 ")
		time.Sleep(firstPause)
		synctest.Wait()
		f.send(`{"a":3}`)
		out.want(t, "a=3 ")
		if opened, _ := f.connections(); opened != 2 {
			t.Errorf("connected %d times", opened)
		}
	})
}

// The log tells of a change of state, not of each reason.
func TestLossIsLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, demo)
		var log bytes.Buffer
		b.env.Log = slog.New(slog.NewTextHandler(&log, nil))
		f := b.feeds.get("demo")
		f.refuse = []error{errRefused, errors.New("no route"), errRefused}
		_, out := b.attach("r", "SELECT a FROM demo")
		f.give(delivery{payloads: []string{`{"a":1}`}, err: connector.ErrNotConnected})
		f.send(`{"a":2}`)
		out.want(t, "a=1 ", "a=2 ")
		if lost, back := strings.Count(log.String(), "is disconnected"), strings.Count(log.String(), "is connected"); lost != 2 || back != 2 {
			t.Errorf("%d losses and %d connections are logged:\n%s", lost, back, log.String())
		}
	})
}

func TestEndOfInputIsTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, demo)
		f := b.feeds.get("demo")
		_, out := b.attach("r", "SELECT a FROM demo")
		f.give(delivery{payloads: []string{`{"a":1}`}, err: connector.ErrEndOfInput})
		out.want(t, "a=1 ")
		time.Sleep(time.Hour)
		if opened, closed := f.connections(); opened != 1 || closed != 1 {
			t.Errorf("%d connections, %d closed", opened, closed)
		}
	})
}

// A window ends by the timer when no row comes, and exactly where it should
// when rows of both sides come in one delivery.
func TestWindowsEndOnTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, demo)
		f := b.feeds.get("demo")
		_, out := b.attach("r", "SELECT sum(a) AS s FROM demo GROUP BY TUMBLINGWINDOW(ss, 10)")
		f.send(`{"a":1}`, `{"a":2}`)
		synctest.Wait()
		out.wantNothing(t)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		out.want(t, "s=3 ")
		f.send(`{"a":4}`)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		out.want(t, "s=4 ")
	})
}
