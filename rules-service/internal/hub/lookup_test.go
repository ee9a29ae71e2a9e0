package hub

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// oracle is a lookup table of a test, which answers with the value it is asked
// for.
type oracle struct {
	connects, finds, closes atomic.Int32
	connect                 func(ctx context.Context, attempt int) error
	find                    func(ctx context.Context, asked int, v value.Value) error
}

type oracleConfig struct {
	Datasource string `prop:"datasource" doc:"Name."`
	Key        string `prop:"key" doc:"Key."`
}

func (o *oracle) Connect(ctx context.Context) error {
	n := int(o.connects.Add(1))
	if o.connect == nil {
		return nil
	}
	return o.connect(ctx, n)
}

func (o *oracle) Find(ctx context.Context, columns []string, values []value.Value) ([]*value.Fields, error) {
	n := int(o.finds.Add(1))
	if o.find != nil {
		if err := o.find(ctx, n, values[0]); err != nil {
			return nil, err
		}
	}
	if values[0].Kind() != value.Float || values[0].Float() < 0 {
		return nil, nil
	}
	return []*value.Fields{value.FieldsOf([]string{columns[0], "name"}, []value.Value{values[0], value.OfString(fmt.Sprintf("m%v", values[0].Float()))})}, nil
}

func (o *oracle) Close(context.Context) error { o.closes.Add(1); return nil }

// add makes the oracle known to a bench.
func (o *oracle) add(b *bench) {
	connector.AddLookup(b.reg, connector.LookupSpec[oracleConfig]{
		Name: "oracle", Summary: "A table of a test.", Example: `{}`,
		New: func(oracleConfig, connector.Env) (connector.Lookup, error) { return o, nil },
	})
}

func machines(options string) string {
	return `CREATE TABLE machines () WITH (TYPE="oracle", DATASOURCE="m", KIND="lookup", KEY="id"` + options + `)`
}

const enrich = "SELECT demo.id, machines.name AS name FROM demo LEFT JOIN machines ON machines.id = demo.id"

func lookupStats(t *testing.T, a *Attachment) sqlengine.OpStats {
	t.Helper()
	for i, o := range a.Stats().Operators {
		if strings.HasSuffix(o.Name, "_machines") {
			if next := a.Stats().Operators[i+1].Name; !strings.HasSuffix(next, "_join") {
				t.Errorf("the lookup stands in front of %s", next)
			}
			return o
		}
	}
	t.Fatal("the lookup has no figures")
	return sqlengine.OpStats{}
}

func TestLookupTable(t *testing.T) {
	noLeak(t)
	o := &oracle{}
	b := newBench(t, demo, machines(""))
	o.add(b)
	a, out := b.attach("r", enrich)
	_, other := b.attach("other", "SELECT machines.name AS name FROM demo INNER JOIN machines ON machines.id = demo.id AND machines.name != \"m2\"")
	b.feeds.get("demo").send(`{"id":1}`, `{"id":-1}`, `{"id":1}`, `{"id":2}`, `{}`)
	out.want(t, `id=1 name="m1" `, `id=-1 `, `id=1 name="m1" `, `id=2 name="m2" `, ``)
	other.want(t, `name="m1" `, `name="m1" `)
	if s := lookupStats(t, a); s.In != 3 || s.Out != 2 || s.Exceptions != 0 {
		t.Errorf("%+v", s)
	}
	if n := o.connects.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
	if len(b.Hub.streams) != 1 {
		t.Error("the lookup table is read as a stream")
	}
}

func TestLookupIsSharedAndGivenBack(t *testing.T) {
	noLeak(t)
	o := &oracle{}
	b := newBench(t, demo, machines(""), strings.Replace(machines(""), "machines", "twin", 1), strings.Replace(machines(`, EXTRA="{\"lookup\":{\"cache\":true}}"`), "machines", "caching", 1))
	o.add(b)
	if err := b.Define(b.streams["machines"]); err != nil {
		t.Fatal(err)
	}
	a1, _ := b.attach("r1", enrich)
	a2, _ := b.attach("r2", strings.ReplaceAll(enrich, "machines", "twin"))
	if n := len(b.lookups.open); n != 1 {
		t.Errorf("%d connections for equal tables", n)
	}
	a3, _ := b.attach("r3", strings.ReplaceAll(enrich, "machines", "caching"))
	if n := len(b.lookups.open); n != 2 {
		t.Errorf("%d connections with one that keeps answers", n)
	}
	for _, a := range []*Attachment{a1, a2, a3} {
		if err := a.Detach(); err != nil {
			t.Error(err)
		}
	}
	if n := len(b.lookups.open); n != 1 {
		t.Errorf("%d connections, want that of the definition", n)
	}
	if err := b.Define(b.streams["machines"]); err != nil { // again: nothing changes
		t.Fatal(err)
	}
	if n := o.connects.Load(); n > 2 {
		t.Errorf("%d attempts to connect", n)
	}
	b.Undefine("machines")
	b.Undefine("nothing")
	if n := len(b.lookups.open); n != 0 {
		t.Errorf("%d connections are left", n)
	}
}

func TestLookupThatIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &oracle{connect: func(_ context.Context, attempt int) error {
			if attempt < 3 {
				return errRefused
			}
			return nil
		}}
		b := newBench(t, demo, machines(""))
		o.add(b)
		a, out := b.attach("r", enrich)
		synctest.Wait()
		start := time.Now()
		b.feeds.get("demo").send(`{"id":1}`, `{"id":2}`)
		synctest.Wait()
		if d := time.Since(start); d != 0 {
			t.Errorf("the rows waited for %v", d)
		}
		out.wantNothing(t)
		s := lookupStats(t, a)
		if s.Exceptions != 2 || !strings.Contains(s.LastException, "lookup table machines: not connected: connection refused") || s.LastExceptionTime.IsZero() {
			t.Errorf("%+v", s)
		}
		time.Sleep(time.Second)
		b.feeds.get("demo").send(`{"id":3}`)
		out.want(t, `id=3 name="m3" `)
		if n := o.connects.Load(); n != 3 {
			t.Errorf("%d attempts", n)
		}
		if err := b.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// The first rows of a rule wait for the first attempt to connect, a bounded
// time.
func TestLookupThatTakesTimeToConnect(t *testing.T) {
	for takes, want := range map[time.Duration]string{500 * time.Millisecond: `id=1 name="m1" `, time.Hour: ""} {
		synctest.Test(t, func(t *testing.T) {
			o := &oracle{connect: func(ctx context.Context, _ int) error {
				if !sleepFor(ctx, takes) {
					return ctx.Err()
				}
				return nil
			}}
			b := newBench(t, demo, machines(""))
			o.add(b)
			a, out := b.attach("r", enrich)
			b.feeds.get("demo").send(`{"id":1}`)
			time.Sleep(findTimeout + time.Millisecond)
			synctest.Wait()
			if got, _, _ := out.take(); got != want {
				t.Errorf("row %q, want %q", got, want)
			}
			if s := lookupStats(t, a); (s.Exceptions == 0) != (want != "") {
				t.Errorf("%+v", s)
			}
			if err := b.Close(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
}

// A table that hangs holds its rules up for a small part of the time, and is
// asked again when it answers.
func TestLookupThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var waited time.Duration
		mended := false
		o := &oracle{find: func(ctx context.Context, _ int, _ value.Value) error {
			if mended {
				return nil
			}
			start := time.Now()
			<-ctx.Done()
			waited += time.Since(start)
			return ctx.Err()
		}}
		b := newBench(t, demo, machines(""))
		o.add(b)
		a, out := b.attach("r", enrich)
		synctest.Wait()
		start := time.Now()
		for time.Since(start) < time.Minute {
			b.feeds.get("demo").send(`{"id":1}`)
			time.Sleep(10 * time.Millisecond)
		}
		if waited > 15*time.Second || waited < 2*time.Second {
			t.Errorf("of a minute the shard waited %v", waited)
		}
		s := lookupStats(t, a)
		if s.Exceptions < 1000 || !strings.Contains(s.LastException, "has not answered within 1s") && !strings.Contains(s.LastException, "deadline exceeded") {
			t.Errorf("%+v", s)
		}
		out.wantNothing(t)
		mended = true
		time.Sleep(longestPause)
		b.feeds.get("demo").send(`{"id":2}`, `{"id":3}`)
		out.want(t, `id=2 name="m2" `, `id=3 name="m3" `)
		if err := b.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

func TestLookupThatLosesItsConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &oracle{find: func(_ context.Context, asked int, v value.Value) error {
			switch {
			case asked == 1:
				return fmt.Errorf("%w: reset by peer", connector.ErrNotConnected)
			case v.Float() == 2:
				panic("lost my head")
			case v.Float() == 3:
				return errors.New("no such table")
			}
			return nil
		}}
		b := newBench(t, demo, machines(""))
		o.add(b)
		a, out := b.attach("r", enrich)
		synctest.Wait()
		for id, want := range []string{"reset by peer", "", "panic: lost my head", "no such table", ""} {
			b.feeds.get("demo").send(fmt.Sprintf(`{"id":%d}`, id))
			synctest.Wait()
			row, ok, _ := out.take()
			if ok != (want == "") || ok && row != fmt.Sprintf(`id=%d name="m%d" `, id, id) {
				t.Errorf("row %q for id %d", row, id)
			}
			if s := lookupStats(t, a); want != "" && !strings.Contains(s.LastException, want) {
				t.Errorf("id %d: %q, want %q", id, s.LastException, want)
			}
			time.Sleep(time.Second)
		}
		if n := o.connects.Load(); n != 2 {
			t.Errorf("%d connections, want one more than at first", n)
		}
		if len(b.failures) > 0 {
			t.Errorf("the rule failed: %s", <-b.failures)
		}
		if err := b.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

func TestLookupCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &oracle{}
		b := newBench(t, demo,
			machines(`, EXTRA="{\"lookup\":{\"cache\":true,\"cacheTtl\":\"10s\"}}"`),
			strings.Replace(machines(`, EXTRA="{\"lookup\":{\"cache\":true,\"cacheMissingKey\":true}}"`), "machines", "missing", 1))
		o.add(b)
		_, out := b.attach("r", enrich)
		_, other := b.attach("other", enrich)
		ask := func(id string, finds int32) {
			t.Helper()
			before := o.finds.Load()
			b.feeds.get("demo").send(`{"id":` + id + `}`)
			synctest.Wait()
			if n := o.finds.Load() - before; n != finds {
				t.Errorf("id %s was asked %d times, want %d", id, n, finds)
			}
		}
		ask("1", 1) // one answer for both rules
		ask("1", 0)
		time.Sleep(9 * time.Second)
		ask("1", 0)
		time.Sleep(time.Second)
		ask("1", 1)
		ask("-5", 2) // that there is none is not kept
		ask("-5", 2)
		for range 4 {
			out.want(t, `id=1 name="m1" `)
			other.want(t, `id=1 name="m1" `)
		}
		b.attach("keeps", strings.ReplaceAll(enrich, "machines", "missing"))
		ask("-5", 3)
		ask("-5", 2)
		if err := b.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

func TestAnswersAreBounded(t *testing.T) {
	a := newAnswers(connector.LookupCache{On: true})
	rows := []*value.Fields{{}}
	for i := range 5 * keptAnswers {
		a.put(fmt.Sprint("q", i), rows)
		if _, ok := a.get("q0"); !ok {
			t.Fatalf("what is asked for all the time is forgotten after %d others", i)
		}
	}
	if n := len(a.young) + len(a.old); n > 2*keptAnswers {
		t.Errorf("%d answers are kept", n)
	}
	if _, ok := a.get("q1"); ok {
		t.Error("an answer that nobody wants is kept for ever")
	}
	if newAnswers(connector.LookupCache{}) != nil {
		t.Error("answers are kept though nobody wants it")
	}
}

func TestLookupCheck(t *testing.T) {
	b := newBench(t)
	(&oracle{}).add(b)
	for with, want := range map[string]string{
		`TYPE="oracle", KIND="lookup", KEY="id"`:                                      "",
		`TYPE="oracl", KIND="lookup"`:                                                 `unknown type of lookup table "oracl"; did you mean "oracle"?`,
		`TYPE="feed", KIND="lookup"`:                                                  `unknown type of lookup table "feed"`,
		`TYPE="oracle"`:                                                               `unknown source type "oracle"`,
		`TYPE="feed", KIND="scan", FORMAT="json"`:                                     "",
		`TYPE="oracle", KIND="lookup", EXTRA="{\"lookup\":{\"cach\":true}}"`:          `did you mean "cache"?`,
		`TYPE="oracle", KIND="lookup", EXTRA="{\"lookup\":{\"cacheTtl\":-1}}"`:        `must not be negative`,
		`TYPE="oracle", KIND="lookup", EXTRA="{\"lookup\":{\"cacheTtl\":\"5m\"}}"`:    "",
		`TYPE="oracle", KIND="lookup", DATASOURCE="x", EXTRA="{\"datasouce\":\"x\"}"`: `did you mean "datasource"?`,
	} {
		err := b.Check(b.define(`CREATE TABLE demo () WITH (` + with + `)`))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: error %v, want %q", with, err, want)
		}
	}
}

func BenchmarkLookup(b *testing.B) {
	l := &lookup{hub: &Hub{}, conn: &oracle{}, tried: make(chan struct{})}
	l.ctx, l.cancel = context.WithCancel(b.Context())
	defer l.cancel()
	l.state.Status = Connected
	close(l.tried)
	columns, values := []string{"id"}, []value.Value{value.OfFloat(1)}
	for name, cache := range map[string]*answers{"asked": nil, "cached": newAnswers(connector.LookupCache{On: true, TTL: time.Hour})} {
		l.cache = cache
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				if rows, err := l.find(columns, values); err != nil || len(rows) != 1 {
					b.Fatal(rows, err)
				}
			}
		})
	}
}
