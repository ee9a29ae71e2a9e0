package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/tests/servers"
	"sluice/tests/stack"
)

// TestPushedRowsReachTheFileThroughKills sends rows over HTTP to a rule of qos 1
// that writes a file, and kills the service again and again: every row that was
// answered with 200 is in the file, in order.
func TestPushedRowsReachTheFileThroughKills(t *testing.T) {
	port, out := servers.FreePort(t), filepath.Join(t.TempDir(), "out.log")
	t.Setenv("KUIPER__SOURCE__HTTPSERVERIP", "127.0.0.1")
	t.Setenv("KUIPER__SOURCE__HTTPSERVERPORT", strconv.Itoa(port))
	broker := servers.Mosquitto(t)
	r := stack.NewRules(t, stack.Bus{Type: "mqtt", Port: broker.Port})
	stack.MustCall(t, 201, "POST", r.API+"/streams", `{"sql":"CREATE STREAM orders () WITH (TYPE=\"httppush\", DATASOURCE=\"/orders\", FORMAT=\"json\")"}`)
	rule := map[string]any{"id": "keep", "sql": "SELECT n FROM orders", "options": map[string]any{"qos": 1},
		"actions": []any{map[string]any{"file": map[string]any{"path": out, "sendSingle": true}}}}
	text, err := json.Marshal(rule)
	if err != nil {
		t.Fatal(err)
	}
	stack.MustCall(t, 201, "POST", r.API+"/rules", string(text))

	p := &pusher{url: fmt.Sprintf("http://127.0.0.1:%d/orders", port)}
	ctx, cancel := context.WithCancel(t.Context())
	var work sync.WaitGroup
	work.Go(func() { p.run(ctx) })
	for range 5 {
		before := p.sent()
		stack.Eventually(t, func(context.Context) error {
			if now := p.sent(); now < before+50 {
				return fmt.Errorf("%d rows were answered, %d before", now, before)
			}
			return nil
		})
		r.Kill()
		r.Restart(t)
	}
	cancel()
	work.Wait()
	sent := p.sent()
	stack.Eventually(t, func(context.Context) error { return complete(out, sent) })
}

// complete tells whether a file has the rows 1 … n, in this order. Some may be
// there again.
func complete(path string, n int) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	next := 1
	for line := range strings.Lines(string(content)) {
		var row struct{ N int }
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			continue // it was being written when the service was killed
		}
		switch {
		case row.N == next:
			next++
		case row.N > next:
			return fmt.Errorf("row %d comes before row %d", row.N, next)
		}
	}
	if next <= n {
		return fmt.Errorf("row %d of %d is missing", next, n)
	}
	return nil
}

// pusher sends one row after the other, each until it is answered with 200.
type pusher struct {
	url string
	mu  sync.Mutex
	n   int
}

func (p *pusher) sent() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.n
}

func (p *pusher) run(ctx context.Context) {
	for ctx.Err() == nil {
		if !p.push(ctx) {
			time.Sleep(5 * time.Millisecond)
			continue
		}
		p.mu.Lock()
		p.n++
		p.mu.Unlock()
	}
}

func (p *pusher) push(ctx context.Context) bool {
	status, _, err := stack.Call(ctx, http.MethodPost, p.url, fmt.Sprintf(`{"n":%d}`, p.sent()+1))
	return err == nil && status == http.StatusOK
}
