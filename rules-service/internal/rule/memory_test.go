package rule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"testing"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/store"
)

// still is a source that shares a connection with others and has nothing to
// say.
type still struct{ quiet }

func (still) Notify(func()) {}

// TestMemoryOfRules: thousands of rules, each on a stream of its own, are small
// while they are quiet. What the connector keeps of its sources comes on top.
func TestMemoryOfRules(t *testing.T) {
	const (
		rules = 2000
		most  = 5800 // bytes a rule; they were 5,300 when this was written
	)
	reg := connector.NewRegistry()
	connector.AddSource(reg, connector.SourceSpec[quietConfig]{Name: "still", Summary: "For tests.", Example: "{}",
		New:   func(quietConfig, connector.Env) (connector.Source, error) { return still{}, nil },
		Group: func(quietConfig) string { return "one" }})
	connector.AddSink(reg, connector.SinkSpec[quietConfig]{Name: "still", Summary: "For tests.", Example: "{}",
		New: func(quietConfig, connector.Env) (connector.Sink, error) { return quiet{}, nil }})
	st, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	m, err := Open(st, reg, connector.Env{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	before := live()
	if _, err := m.Apply(stillRules(rules)); err != nil {
		t.Fatal(err)
	}
	if each := (int(live()) - int(before)) / rules; each > most {
		t.Errorf("%d bytes a rule, want at most %d", each, most)
	} else {
		t.Logf("%d bytes a rule", each)
	}
	if err := errors.Join(m.Close(context.Background()), st.Close()); err != nil {
		t.Error(err)
	}
}

// stillRules are rules with streams of their own.
func stillRules(n int) Set {
	set := Set{Streams: map[string]string{}, Rules: map[string]string{}}
	for i := range n {
		name := fmt.Sprintf("s%d", i)
		set.Streams[name] = fmt.Sprintf(`CREATE STREAM %s () WITH (TYPE="still", DATASOURCE="own/%d", FORMAT="json")`, name, i)
		id := fmt.Sprintf("r%d", i)
		set.Rules[id] = fmt.Sprintf(`{"id":%q,"sql":"SELECT temperature FROM %s WHERE temperature > 90","actions":[{"still":{}}]}`, id, name)
	}
	return set
}

// live is the memory of objects in use. What pools hold goes with the second
// collection.
func live() uint64 {
	var s runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}
