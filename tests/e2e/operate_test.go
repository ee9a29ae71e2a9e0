package e2e

import (
	"context"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"go.yaml.in/yaml/v3"

	"sluice/tests/guide"
	"sluice/tests/servers"
	"sluice/tests/stack"
)

const (
	operatePage  = "rules-service/docs/operate.md"
	beforeBackup = 12
	inWindow     = 20
)

// TestOperatePage goes through the page: a backup of a service that was stopped,
// or killed as a snapshot of its disk has it, brings back rules, what waits for
// a target that is away, and what windows hold.
func TestOperatePage(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*stack.Rules){
		"stopped": func(r *stack.Rules) { r.Stop(stack.Patience) },
		"killed":  func(r *stack.Rules) { r.Kill() },
	} {
		t.Run(name, func(t *testing.T) { backedUp(t, end) })
	}
}

func backedUp(t *testing.T, end func(*stack.Rules)) {
	text := guide.Page(t, operatePage)
	broker := servers.Mosquitto(t)
	bus := stack.Bus{Type: "mqtt", Port: broker.Port}
	web := newWebSink(t)
	web.stop()
	r := stack.NewRules(t, bus)
	g := operator(t, r, stack.ServeMetadata(t, bus.Client(t, "metadata")))
	sender := client(t, "tcp://"+broker.Addr(), "sender")
	sums := sumsOf(t, sender)
	install(t, r, broker.Addr(), web.addr)
	send(t, sender, 1, beforeBackup)
	arrived(t, r, beforeBackup)

	g.Follow(t, guide.Section(t, text, "2 Back up definitions"))
	end(r)
	g.Follow(t, guide.Section(t, text, "3 Back up everything"))
	if err := os.RemoveAll(filepath.Join(r.Dir(), "data")); err != nil {
		t.Fatal(err)
	}
	r.Restart(t)
	if rules := stack.MustCall(t, 200, "GET", r.API+"/rules", ""); strings.TrimSpace(rules) != "[]" {
		t.Fatalf("without its data the service has %s", rules)
	}
	r.Stop(stack.Patience)

	restore, definitions, ok := strings.Cut(guide.Section(t, text, "4 Restore"), "\n3. Start the service")
	if !ok {
		t.Fatal("the page does not say when to start the service")
	}
	g.Follow(t, restore)
	r.Restart(t)
	connectedSource(t, r.API, "alarms", "plant")
	send(t, sender, beforeBackup+1, inWindow)
	select {
	case got := <-sums:
		if want := fmt.Sprintf(`{"n":%d,"s":%d}`, inWindow, inWindow*(inWindow+1)/2); got != want {
			t.Errorf("the window is %s, want %s", got, want)
		}
	case <-time.After(stack.Patience):
		t.Error("the window has lost what it held")
	}
	web.start(t)
	stack.Eventually(t, func(context.Context) error {
		if n := web.seen.count(); n < inWindow {
			return fmt.Errorf("%d of %d alarms came", n, inWindow)
		}
		return nil
	})
	if web.seen.wrong != "" {
		t.Error(web.seen.wrong)
	}
	g.Follow(t, definitions)
	for _, heading := range []string{"5 Upgrade and roll back", "6 What to watch", "7 Symptoms"} {
		g.Follow(t, guide.Section(t, text, heading))
	}
	if len(g.Ran) < 16 {
		t.Errorf("the page has %d commands, want 16 at least", len(g.Ran))
	}
}

// operator follows the page in the folder of a service.
func operator(t *testing.T, r *stack.Rules, metadata int) *guide.Guide {
	t.Helper()
	api, err := url.Parse(r.API)
	if err != nil {
		t.Fatal(err)
	}
	g := newGuide(t, map[string]string{"59720": api.Port(), "59881": strconv.Itoa(metadata)}, "SLUICE_SERVER="+r.API)
	g.Dir = r.Dir()
	return g
}

// install has a rule with a window and one whose target is away.
func install(t *testing.T, r *stack.Rules, broker, web string) {
	t.Helper()
	stack.MustCall(t, 201, "POST", r.API+"/streams", fmt.Sprintf(`{"sql":"CREATE STREAM plant (N BIGINT) WITH (TYPE=\"mqtt\", DATASOURCE=\"plant/in\", FORMAT=\"json\", `+
		`EXTRA=\"{\\\"server\\\":\\\"tcp://%s\\\",\\\"clientid\\\":\\\"backup\\\",\\\"enableClientSession\\\":true,\\\"qos\\\":1}\")"}`, broker))
	stack.MustCall(t, 201, "POST", r.API+"/rules", fmt.Sprintf(`{"id":"alarms","sql":"SELECT N FROM plant","actions":[{"rest":{"url":"http://%s/alarm","sendSingle":true}}],`+
		`"options":{"qos":1,"checkpointInterval":"300ms"}}`, web))
	stack.MustCall(t, 201, "POST", r.API+"/rules", fmt.Sprintf(`{"id":"sums","sql":"SELECT count(*) AS n, sum(N) AS s FROM plant GROUP BY COUNTWINDOW(%d)",`+
		`"actions":[{"mqtt":{"server":"tcp://%s","topic":"plant/sums","qos":1,"sendSingle":true}}],"options":{"qos":1,"checkpointInterval":"300ms"}}`, inWindow, broker))
	connectedSource(t, r.API, "alarms", "plant")
}

func sumsOf(t *testing.T, c mqtt.Client) <-chan string {
	t.Helper()
	sums := make(chan string, 10)
	k := c.Subscribe("plant/sums", 1, func(_ mqtt.Client, m mqtt.Message) { sums <- string(m.Payload()) })
	if !k.WaitTimeout(stack.Patience) || k.Error() != nil {
		t.Fatalf("subscribe: %v", k.Error())
	}
	return sums
}

func send(t *testing.T, c mqtt.Client, from, to int) {
	t.Helper()
	for n := from; n <= to; n++ {
		k := c.Publish("plant/in", 1, false, fmt.Sprintf(`{"N":%d}`, n))
		if !k.WaitTimeout(stack.Patience) || k.Error() != nil {
			t.Fatalf("publish: %v", k.Error())
		}
	}
}

// arrived waits until so many messages wait for the target.
func arrived(t *testing.T, r *stack.Rules, n int) {
	t.Helper()
	want := fmt.Sprintf(`"sink_rest_0_0_records_in_total":%d,`, n)
	stack.Eventually(t, func(ctx context.Context) error {
		_, text, err := stack.Call(ctx, "GET", r.API+"/rules/alarms/status", "")
		if err == nil && !strings.Contains(strings.ReplaceAll(text, " ", ""), want) {
			err = fmt.Errorf("no %s in %s", want, text)
		}
		return err
	})
}

var (
	logLine = regexp.MustCompile("`([a-zA-Z-]+ [^`]*)`")
	metric  = regexp.MustCompile(`\b(?:sluice|kuiper)_[a-z_]+`)
)

// TestOperatePageIsTrue looks for the lines of the log that the page names in
// the programs, and for its metrics in the table of all of them.
func TestOperatePageIsTrue(t *testing.T) {
	text := guide.Page(t, operatePage)
	known := guide.Page(t, "rules-service/docs/operations.md")
	for _, name := range metric.FindAllString(text, -1) {
		if !strings.Contains(known, "| `"+name+"` |") {
			t.Errorf("there is no metric %s", name)
		}
	}
	var alerts struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	for _, b := range guide.Blocks(text) {
		if b.File == "alerts.yaml" {
			if err := yaml.Unmarshal([]byte(b.Text), &alerts); err != nil {
				t.Error(err)
			}
		}
	}
	if len(alerts.Groups) != 1 || len(alerts.Groups[0].Rules) < 10 {
		t.Errorf("the page's alerts are %+v", alerts)
	}
	linesAreLogged(t, text, programText(t))
}

func linesAreLogged(t *testing.T, text, source string) {
	t.Helper()
	lines := 0
	for row := range strings.Lines(guide.Section(t, text, "8 Lines of the log")) {
		first, _, _ := strings.Cut(strings.TrimPrefix(row, "|"), "|")
		if !strings.HasPrefix(row, "|") {
			continue
		}
		for _, m := range logLine.FindAllStringSubmatch(first, -1) {
			lines++
			if !strings.Contains(source, `"`+m[1]+`"`) {
				t.Errorf("no program logs %q", m[1])
			}
		}
	}
	if lines < 15 {
		t.Errorf("the page has %d lines of the log", lines)
	}
	for _, part := range []string{"another process has it open; give each service its own DataDir", "use a newer program", "message bus is away; the newest events are kept and the connection is tried again",
		"the file is damaged: put back a copy of it, or move it away to start without streams and rules", "the service wants a token", "the queue on disk cannot be used; messages wait in memory",
		"the queue on disk works again", "the intake journal cannot be used", "a checkpoint cannot be made", "reads take longer than the interval: ticks are skipped, the metric TicksMissed counts them"} {
		if !strings.Contains(text, "`"+part+"`") || !strings.Contains(source, part) {
			t.Errorf("%q is not on the page, or not in the programs", part)
		}
	}
}

// programText is the source of the services and of sluice.
func programText(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, part := range []string{"rules-service", "device-service"} {
		err := filepath.WalkDir(filepath.Join(stack.Root(), part), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			b, err := os.ReadFile(path)
			all.Write(b)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}
