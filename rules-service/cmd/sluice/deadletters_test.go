package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sluice/rules-service/internal/api"
	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/delivery"
	"sluice/rules-service/internal/rule"
	"sluice/rules-service/internal/store"
)

// picky is a source of three rows, and a sink that refuses what it gets until
// it is told otherwise.
type picky struct {
	once  sync.Once
	tamed atomic.Bool
}

type pickyConfig struct {
	Datasource string `prop:"datasource" doc:"Any name."`
}

type pickySink struct {
	Topic connector.Template `prop:"topic" doc:"Any name."`
}

func (*picky) Connect(context.Context) error { return nil }
func (*picky) Close(context.Context) error   { return nil }

func (p *picky) Read(ctx context.Context) (rows []connector.Inbound, ack func(error), err error) {
	p.once.Do(func() {
		rows = []connector.Inbound{{Payload: []byte(`{"a":1}`)}, {Payload: []byte(`{"a":2}`)}, {Payload: []byte(`{"a":3}`)}}
	})
	if rows == nil {
		<-ctx.Done()
		err = ctx.Err()
	}
	return rows, nil, err
}

func (p *picky) Write(context.Context, []connector.Outbound) error {
	if p.tamed.Load() {
		return nil
	}
	return &connector.Permanent{Err: errors.New("no taste for it")}
}

// servePicky is a service whose rule "r" has a picky sink.
func servePicky(t *testing.T, p *picky) (url string) {
	t.Helper()
	reg := connector.NewRegistry()
	connector.AddSource(reg, connector.SourceSpec[pickyConfig]{Name: "picky", Summary: "Rows.", Example: `{}`,
		New: func(pickyConfig, connector.Env) (connector.Source, error) { return p, nil }})
	connector.AddSink(reg, connector.SinkSpec[pickySink]{Name: "picky", Summary: "Refuses.", Example: `{}`,
		New: func(pickySink, connector.Env) (connector.Sink, error) { return p, nil }})
	dir := t.TempDir()
	st, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	disk := delivery.Storage{Dir: filepath.Join(dir, "queues"), DeadLetters: filepath.Join(dir, "letters.jsonl")}
	m, err := rule.Open(st, reg, connector.Env{Log: log}, rule.WithDisk(disk))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer((&api.API{Rules: m, Registry: reg, Log: log}).Handler())
	t.Cleanup(func() {
		server.Close()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := errors.Join(m.Close(ctx), st.Close()); err != nil {
			t.Error(err)
		}
	})
	m.Start()
	if _, err := m.Execute(`CREATE STREAM s () WITH (TYPE="picky", FORMAT="json")`); err != nil {
		t.Fatal(err)
	}
	if _, _, err := m.Create(`{"id":"r","sql":"SELECT a FROM s","actions":[{"picky":{"sendSingle":true}}]}`); err != nil {
		t.Fatal(err)
	}
	return server.URL
}

func TestDeadLetters(t *testing.T) {
	var p picky
	url := servePicky(t, &p)
	run := func(line string) (code int, out string) {
		var b bytes.Buffer
		code = execute(append([]string{"-s", url}, strings.Fields(line)...), strings.NewReader(""), &b, &b)
		return code, b.String()
	}
	want := func(line string, code int, pattern string) {
		t.Helper()
		if c, out := run(line); c != code || !regexp.MustCompile(pattern).MatchString(out) {
			t.Errorf("%s ends with %d\n%swant %d, %s", line, c, out, code, pattern)
		}
	}
	deadline := time.Now().Add(time.Minute)
	for {
		if _, out := run("deadletters list"); strings.Count(out, "no taste for it") == 3 {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("the dead letters are\n%s", out)
		}
		time.Sleep(10 * time.Millisecond)
	}
	want("deadletters list", 0, `^TIME +RULE +SINK +REASON +PAYLOAD\n20\S+ +r +picky_0 +no taste for it +\{"a":1\}\n(.*\n){2}$`)
	want("deadletters list --limit 1", 0, `\{"a":3\}\nthe newest 1 of 3; --limit shows more\n$`)
	want("deadletters list other", 0, `^TIME.*\n$`)
	want("-o json deadletters list r", 0, `"payload": "\{\\"a\\":1\}"`)
	want("deadletters replay", 2, `give a rule, or --all`)
	want("deadletters drop r --all", 2, `give a rule, or --all`)
	p.tamed.Store(true)
	want("deadletters replay r", 0, `^left: 0\nsent: 3\n$`)
	want("deadletters list", 0, `^TIME.*\n$`)
	want("deadletters replay --all", 0, `sent: 0`)
	want("deadletters drop r", 0, `^dropped: 0\n$`)
	want("-o json deadletters drop --all", 0, `"dropped": 0`)
}
