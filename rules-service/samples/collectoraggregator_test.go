package samples

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"sluice/tests/servers"
	"sluice/tests/stack"
)

// demo is the sample as it runs in a test: with ports of its own, and with a
// link between node north and the cloud that can be cut.
type demo struct {
	t           *testing.T
	dir         string
	env         []string
	ports       *strings.Replacer
	cloud       string
	brokers     map[string]string // of the nodes
	uplink      *servers.Link
	lines       map[string]string // of the services, by their folder
	collector   *stack.Process    // of north
	consoleRuns int
}

// startDemo does what the page says, block by block.
func startDemo(t *testing.T) *demo {
	t.Helper()
	for _, program := range []string{"mosquitto", "mosquitto_pub", "mosquitto_sub", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			servers.Missing(t, program)
		}
	}
	root := t.TempDir()
	d := &demo{t: t, dir: filepath.Join(root, "samples", "collector-aggregator"), lines: map[string]string{}}
	if err := errors.Join(os.CopyFS(d.dir, os.DirFS("collector-aggregator")), os.CopyFS(filepath.Join(root, "res"), os.DirFS("../res"))); err != nil {
		t.Fatal(err)
	}
	var pairs []string
	port := func(of string) string {
		p := fmt.Sprint(servers.FreePort(t))
		pairs = append(pairs, of, p)
		return "127.0.0.1:" + p
	}
	d.cloud = port("1883")
	d.brokers = map[string]string{"north": port("1884"), "south": port("1885")}
	for _, p := range []string{"59811", "59812", "59813", "59821", "59822", "59823"} {
		port(p)
	}
	d.ports = strings.NewReplacer(pairs...)
	d.uplink = servers.NewLink(t, d.cloud)
	d.env = append(os.Environ(), "PATH="+stack.Binaries(t)+":"+os.Getenv("PATH"))
	for _, folder := range []string{"edge", "cloud"} {
		d.rewrite(folder, d.ports)
	}
	page, err := os.ReadFile("collector-aggregator/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for i, block := range strings.Split(string(page), "```") {
		kind, text, _ := strings.Cut(block, "\n")
		switch {
		case i%2 == 0:
		case kind == "console":
			d.console(text)
		case kind == "sh":
			d.processes(text)
		}
	}
	return d
}

// rewrite replaces texts in the files of a folder.
func (d *demo) rewrite(folder string, r *strings.Replacer) {
	d.t.Helper()
	files, err := filepath.Glob(filepath.Join(d.dir, folder, "*"))
	if err != nil || len(files) != 2 {
		d.t.Fatal(files, err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(file, []byte(r.Replace(string(b))), 0o600)
		}
		if err != nil {
			d.t.Fatal(err)
		}
	}
}

// console runs commands until they print what the page says: services take their
// time.
func (d *demo) console(text string) {
	d.t.Helper()
	for _, step := range strings.Split("\n"+text, "\n$ ")[1:] {
		command, want, _ := strings.Cut(d.ports.Replace(step), "\n")
		d.consoleRuns++
		stack.Eventually(d.t, func(ctx context.Context) error {
			cmd := exec.CommandContext(ctx, "bash", "-c", command)
			cmd.Dir, cmd.Env = d.dir, d.env
			out, err := cmd.CombinedOutput()
			if err != nil || strings.TrimSpace(string(out)) != strings.TrimSpace(want) {
				return fmt.Errorf("$ %s\n%w\ngot\n%swant\n%s", command, err, out, want)
			}
			return nil
		})
	}
}

// processes starts programs that run on, one a line.
func (d *demo) processes(text string) {
	d.t.Helper()
	if _, err := os.Stat(filepath.Join(d.dir, "run", "north")); err == nil { // its way leads through the link
		d.rewrite("run/north", strings.NewReplacer(d.cloud, d.uplink.Addr))
	}
	for line := range strings.Lines(d.ports.Replace(text)) {
		p := d.process(line)
		if strings.Contains(line, "run/north-data") {
			d.collector, d.lines["north"] = p, line
		}
	}
	for _, addr := range []string{d.cloud, d.brokers["north"], d.brokers["south"]} {
		stack.Eventually(d.t, func(context.Context) error {
			c, err := net.Dial("tcp", addr)
			if err == nil {
				err = c.Close()
			}
			return err
		})
	}
}

// process starts a program: variables, its name, its arguments.
func (d *demo) process(line string) *stack.Process {
	d.t.Helper()
	words := strings.Fields(line)
	program := 0
	for strings.Contains(words[program], "=") {
		program++
	}
	args := append([]string{"-c", `cd "$0" && exec "$@"`, d.dir}, words[program:]...)
	return stack.Start(d.t, append([]string{"PATH=" + stack.Binaries(d.t) + ":" + os.Getenv("PATH")}, words[:program]...), "bash", args...)
}

// connect connects a client with a broker.
func connect(t *testing.T, addr string) mqtt.Client {
	t.Helper()
	c := mqtt.NewClient(mqtt.NewClientOptions().AddBroker("tcp://" + addr).SetAutoReconnect(false))
	if k := c.Connect(); !k.WaitTimeout(stack.Patience) || k.Error() != nil {
		t.Fatal(k.Error())
	}
	t.Cleanup(func() { c.Disconnect(100) })
	return c
}

// aggregate is a row of the aggregator, collected one of a collector.
type (
	aggregate struct {
		Node          string
		Since, Until  int64
		Readings      int
		Mean, Highest float64
	}
	collected struct {
		Node, Topic string
		Begin       int64
		N           int
	}
)

// reader is the client of the sample.
type reader struct {
	mu         sync.Mutex
	wrong      error
	aggregates map[string][]aggregate // by node
	collected  map[string][]collected // by node and topic
}

func startReader(t *testing.T, addr string) *reader {
	r := &reader{aggregates: map[string][]aggregate{}, collected: map[string][]collected{}}
	c := connect(t, addr)
	take := func(_ mqtt.Client, m mqtt.Message) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if m.Retained() {
			return // of the commands of the page
		}
		if strings.HasPrefix(m.Topic(), "aggregate/") {
			var a aggregate
			r.wrong = errors.Join(r.wrong, json.Unmarshal(m.Payload(), &a))
			r.aggregates[a.Node] = append(r.aggregates[a.Node], a)
			return
		}
		var row collected
		r.wrong = errors.Join(r.wrong, json.Unmarshal(m.Payload(), &row))
		if row.Begin < firstReading {
			return // of the commands of the page
		}
		r.collected[row.Node+" "+row.Topic] = append(r.collected[row.Node+" "+row.Topic], row)
	}
	if k := c.SubscribeMultiple(map[string]byte{"aggregate/+": 1, "collect/+": 1}, take); !k.WaitTimeout(stack.Patience) || k.Error() != nil {
		t.Fatal(k.Error())
	}
	return r
}

// total is what the aggregates of a node sum up to.
func (r *reader) total(node string) (readings int, sum float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range r.aggregates[node] {
		readings += a.Readings
		sum += float64(a.Readings) * a.Mean
	}
	return readings, sum
}

const (
	topicsOfLine = 3
	firstReading = 1700000000000 // a full ten seconds
	window       = 10            // seconds, and readings in it
)

// line publishes the readings of a node, one a second by their own time.
type line struct {
	client mqtt.Client
	before int // readings that others have published
	next   int
	sum    float64
}

// publish publishes so many windows full of readings.
func (l *line) publish(t *testing.T, windows int) {
	t.Helper()
	for range windows * window {
		value := float64(l.next%7) + 0.5
		topic := fmt.Sprintf("line/machine%d/temperature", l.next%topicsOfLine)
		k := l.client.Publish(topic, 1, false, fmt.Sprintf(`{"value":%v,"ts":%d}`, value, firstReading+l.next*1000))
		if !k.WaitTimeout(stack.Patience) || k.Error() != nil {
			t.Fatal(k.Error())
		}
		l.next++
		l.sum += value
	}
}

// close publishes a reading from later, which ends the last window.
func (l *line) close(t *testing.T) {
	t.Helper()
	k := l.client.Publish("line/machine0/temperature", 1, false, fmt.Sprintf(`{"value":0,"ts":%d}`, firstReading+l.next*1000+3_600_000))
	if !k.WaitTimeout(stack.Patience) || k.Error() != nil {
		t.Fatal(k.Error())
	}
}

// Every reading of both nodes is counted once and in order, though the way of
// one to the cloud was cut and its collector killed meanwhile; the other goes on.
func TestCollectorAggregator(t *testing.T) {
	d := startDemo(t)
	if d.consoleRuns != 10 {
		t.Errorf("%d commands were run", d.consoleRuns)
	}
	r := startReader(t, d.cloud)
	lines := map[string]*line{}
	for node, addr := range d.brokers {
		lines[node] = &line{client: connect(t, addr)}
	}
	lines["north"].before, lines["north"].sum = 1, 5 // the last reading of the page, whose window is open yet
	counted := func(node string, want int) {
		t.Helper()
		stack.Eventually(t, func(context.Context) error {
			if n, _ := r.total(node); n < want {
				return fmt.Errorf("%d of %d readings of %s were counted", n, want, node)
			}
			return nil
		})
	}
	for _, l := range lines {
		l.publish(t, 5)
	}
	counted("north", lines["north"].before+4*window)
	counted("south", 4*window)

	d.uplink.Cut()
	before, _ := r.total("north")
	for _, l := range lines {
		l.publish(t, 20)
	}
	counted("south", 24*window)
	d.collector.Kill()
	lines["north"].publish(t, 10) // its broker keeps them
	d.collector = d.process(d.lines["north"])
	lines["north"].publish(t, 10)
	lines["south"].publish(t, 20)
	counted("south", 44*window)
	if n, _ := r.total("north"); n != before {
		t.Errorf("%d readings of north came while its way was cut", n-before)
	}
	began := time.Now()
	d.uplink.Open(t)
	for node, l := range lines {
		l.close(t)
		counted(node, l.before+45*window)
	}
	t.Logf("the rows of 40 windows were there %v after the way was back", time.Since(began).Round(time.Millisecond))
	r.check(t, lines)
}

// check wants every reading once, and the rows of each sensor in order.
func (r *reader) check(t *testing.T, lines map[string]*line) {
	t.Helper()
	for node, l := range lines {
		if n, sum := r.total(node); n != l.before+l.next || sum < l.sum-1e-6 || sum > l.sum+1e-6 {
			t.Errorf("%s: %d readings with the sum %v were counted, want %d with %v", node, n, sum, l.before+l.next, l.sum)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.wrong != nil {
		t.Error(r.wrong)
	}
	for node, list := range r.aggregates {
		for i := 1; i < len(list); i++ {
			if list[i].Since < list[i-1].Until {
				t.Errorf("%s: from %d on comes behind up to %d", node, list[i].Since, list[i-1].Until)
			}
		}
	}
	if len(r.collected) != 2*topicsOfLine {
		t.Errorf("rows of %d sensors", len(r.collected))
	}
	for sensor, rows := range r.collected {
		newest := int64(firstReading - window*1000)
		for _, row := range rows {
			if row.Begin > newest+window*1000 {
				t.Errorf("%s: window %d comes behind %d", sensor, row.Begin, newest)
			}
			newest = max(newest, row.Begin)
		}
		if newest != firstReading+44*window*1000 {
			t.Errorf("%s: the last window is %d", sensor, newest)
		}
	}
}
