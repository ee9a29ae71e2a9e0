package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/rules-service/internal/api"
	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/delivery"
	"sluice/rules-service/internal/rule"
	"sluice/rules-service/internal/store"
)

// picky is a source that says all it has once, and a sink that refuses what it
// has no taste for.
type picky struct {
	mu      sync.Mutex
	refuses bool
	got     []string
	header  string
}

type pickySource struct {
	Datasource string `prop:"datasource" doc:"Name."`
}

type pickySink struct {
	Headers map[string]connector.Template `prop:"headers" doc:"Headers."`
}

func (p *picky) Connect(context.Context) error { return nil }
func (p *picky) Close(context.Context) error   { return nil }

func (p *picky) Read(ctx context.Context) ([]connector.Inbound, func(error), error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.header == "" {
		p.header = "none yet"
		return []connector.Inbound{{Payload: []byte(`{"a":1}`)}, {Payload: []byte(`{"a":2}`)}, {Payload: []byte(`{"a":3}`)}}, nil, nil
	}
	return nil, nil, connector.ErrEndOfInput
}

func (p *picky) Write(_ context.Context, msgs []connector.Outbound) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refuses {
		return &connector.Permanent{Err: errors.New("no taste for it")}
	}
	for i := range msgs {
		p.got = append(p.got, string(msgs[i].Payload))
		p.header = msgs[i].Values["headers.Authorization"]
	}
	return nil
}

func (p *picky) set(refuses bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuses = refuses
}

// asker makes requests to an API.
type asker struct {
	t   *testing.T
	url string
}

func (a asker) call(method, path, body string) (int, string, http.Header) {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.url+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return res.StatusCode, strings.TrimSpace(string(text)), res.Header
}

func (a asker) want(method, path, body string, status int, text string) {
	a.t.Helper()
	if gotStatus, got, _ := a.call(method, path, body); gotStatus != status || got != text {
		a.t.Errorf("%s %s %s:\n got %d %s\nwant %d %s", method, path, body, gotStatus, got, status, text)
	}
}

// servePicky is an API over one rule whose sink is p.
func servePicky(t *testing.T, p *picky) asker {
	t.Helper()
	reg := connector.NewRegistry()
	connector.AddSource(reg, connector.SourceSpec[pickySource]{Name: "picky", Summary: "Rows.", Example: `{}`,
		New: func(pickySource, connector.Env) (connector.Source, error) { return p, nil }})
	connector.AddSink(reg, connector.SinkSpec[pickySink]{Name: "picky", Summary: "Tastes.", Example: `{}`,
		New: func(pickySink, connector.Env) (connector.Sink, error) { return p, nil }})
	dir := t.TempDir()
	st, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	m, err := rule.Open(st, reg, connector.Env{Log: log}, rule.WithDisk(delivery.Storage{Dir: filepath.Join(dir, "queues"), DeadLetters: filepath.Join(dir, "letters.jsonl")}))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer((&api.API{Rules: m, Log: log}).Handler())
	t.Cleanup(func() {
		server.Close()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := errors.Join(m.Close(ctx), st.Close()); err != nil {
			t.Error(err)
		}
	})
	m.Start()
	a := asker{t, server.URL}
	a.want("GET", "/deadletters", "", 200, "[]")
	a.want("POST", "/streams", `{"sql":"CREATE STREAM s () WITH (TYPE=\"picky\", FORMAT=\"json\")"}`, 201, "Stream s is created.")
	a.want("POST", "/rules", `{"id":"r1","sql":"SELECT a FROM s","actions":[{"picky":{"sendSingle":true,"headers":{"Authorization":"Bearer hush {{.a}}"}}}]}`, 201, "Rule r1 was created successfully.")
	return a
}

func (a asker) letters(path string) (list []delivery.DeadLetter, total string) {
	a.t.Helper()
	status, text, header := a.call("GET", path, "")
	if err := json.Unmarshal([]byte(text), &list); status != 200 || err != nil {
		a.t.Fatalf("GET %s: %d %s", path, status, text)
	}
	if strings.Contains(text, "hush") {
		a.t.Errorf("GET %s shows a secret: %s", path, text)
	}
	return list, header.Get("X-Total-Count")
}

// Dead letters are listed without secrets, sent again with them, and dropped.
func TestDeadLetters(t *testing.T) {
	p := &picky{refuses: true}
	a := servePicky(t, p)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		if _, total := a.letters("/deadletters?limit=1"); total == "3" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("there are not three dead letters")
		}
	}
	list, _ := a.letters("/deadletters?rule=r1&limit=2")
	if len(list) != 2 || *list[0].Payload != `{"a":2}` || *list[1].Payload != `{"a":3}` || list[0].Action != "picky_0" || !strings.Contains(list[0].Error, "no taste") {
		t.Fatalf("%+v", list)
	}
	if other, total := a.letters("/deadletters?rule=r2"); len(other) != 0 || total != "0" {
		t.Errorf("%+v, %s", other, total)
	}
	a.want("POST", "/deadletters/replay", `{"rule":"r2"}`, 200, `{"sent":0,"left":0}`)
	a.want("POST", "/deadletters/replay", `{"rule":"r1"}`, 200, `{"sent":3,"left":0}`) // refused again: new letters
	p.set(false)
	list, _ = a.letters("/deadletters")
	if len(list) != 3 {
		t.Fatalf("%+v", list)
	}
	a.want("POST", "/deadletters/replay", `{"ids":["`+list[1].ID+`"]}`, 200, `{"sent":1,"left":0}`)
	a.want("POST", "/rules/r1/stop", "", 200, "Rule r1 was stopped.")
	a.want("POST", "/deadletters/replay", "", 400, `{"error":1000,"message":"0 dead letters were sent, 2 are left: picky_0 of rule r1: not running; start the rule first"}`)
	a.want("POST", "/rules/r1/start", "", 200, "Rule r1 was started")
	a.want("POST", "/deadletters/replay", "{}", 200, `{"sent":2,"left":0}`)
	p.mu.Lock()
	if !slices.Equal(p.got, []string{`{"a":2}`, `{"a":1}`, `{"a":3}`}) || p.header != "Bearer hush 3" {
		t.Errorf("%v, header %q", p.got, p.header)
	}
	p.mu.Unlock()
	a.want("DELETE", "/deadletters", "", 200, `{"dropped":0}`)
}

func TestBadDeadLetterRequests(t *testing.T) {
	a := servePicky(t, &picky{})
	for _, c := range []struct{ method, path, body, want string }{
		{"POST", "/deadletters/replay", `{"rul":"r1"}`, `unknown field \"rul\"`},
		{"POST", "/deadletters/replay", `[`, `the body must be JSON such as`},
		{"GET", "/deadletters?limit=-1", ``, `limit must be a whole number of at least 0, not \"-1\"`},
	} {
		if status, text, _ := a.call(c.method, c.path, c.body); status != 400 || !strings.Contains(text, c.want) {
			t.Errorf("%s %s %s: %d %s", c.method, c.path, c.body, status, text)
		}
	}
}
