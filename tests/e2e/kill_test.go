package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"sluice/tests/servers"
	"sluice/tests/stack"
)

const (
	kills = 50
	// untilKill is how long the service lives at most: it starts, replays,
	// connects, works, and makes checkpoints in that time.
	untilKill  = 900 * time.Millisecond
	killPace   = 2 * time.Millisecond // between two messages
	eventStep  = 20                   // milliseconds of event time between two messages
	perWindow  = 1000 / eventStep
	alarmEvery = 7
)

// TestKilledAtAnyMoment kills the rules service 50 times under load. The source
// has a session that the broker keeps: every alarm comes, in the order of the
// first occurrences, and every window is what it would have been.
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	broker := servers.Mosquitto(t)
	url := "tcp://" + broker.Addr()
	seen := watch(t, url)
	r := stack.NewRules(t, stack.Bus{Type: "mqtt", Port: broker.Port})
	extra := strings.ReplaceAll(fmt.Sprintf(`{"server":%q,"clientid":"killed","enableClientSession":true,"qos":1}`, url), `"`, `\"`)
	sql, err := json.Marshal(map[string]string{"sql": `CREATE STREAM plant (seq BIGINT, at BIGINT) WITH (TYPE="mqtt", DATASOURCE="kill/in", FORMAT="json", TIMESTAMP="at", EXTRA="` + extra + `")`})
	if err != nil {
		t.Fatal(err)
	}
	stack.MustCall(t, 201, "POST", r.API+"/streams", string(sql))
	rule := `{"id":%[1]q,"sql":%[2]q,"actions":[{"mqtt":{"server":%[3]q,"topic":"kill/%[1]s","qos":1,"sendSingle":true}}],"options":{"qos":1,"checkpointInterval":"300ms","isEventTime":%[4]v,"lateTolerance":0}}`
	stack.MustCall(t, 201, "POST", r.API+"/rules", fmt.Sprintf(rule, "alarms", fmt.Sprintf("SELECT seq FROM plant WHERE seq %% %d = 0", alarmEvery), url, false))
	stack.MustCall(t, 201, "POST", r.API+"/rules", fmt.Sprintf(rule, "windows",
		"SELECT count(*) AS n, sum(seq) AS s, window_end() AS e FROM plant GROUP BY TUMBLINGWINDOW(ss, 1)", url, true))
	connectedSource(t, r.API, "alarms", "plant")

	p := startPublisher(t, url)
	for range kills {
		time.Sleep(rand.N(untilKill))
		r.Kill()
		r.Restart(t)
	}
	connectedSource(t, r.API, "alarms", "plant")
	calm := p.published.Load() + 1 // what is published from here on has seen no crash
	for start := p.published.Load(); p.published.Load() < start+10*perWindow; {
		time.Sleep(10 * time.Millisecond)
	}
	n := p.stop()
	check(t, seen, n, int(calm))
	if t.Failed() {
		t.Log(stack.MustCall(t, 200, "GET", r.API+"/rules/alarms/status", ""))
	}
}

// connectedSource waits until the source of a rule is connected.
func connectedSource(t *testing.T, api, rule, stream string) {
	t.Helper()
	stack.Eventually(t, func(ctx context.Context) error {
		_, text, err := stack.Call(ctx, "GET", api+"/rules/"+rule+"/status", "")
		if err != nil {
			return err
		}
		var m map[string]any
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			return err
		}
		if m["source_"+stream+"_0_connection_status"] != 1.0 {
			return fmt.Errorf("the source is not connected: %s", text)
		}
		return nil
	})
}

// publisher sends numbered messages at a steady pace. Their event time follows
// from their number.
type publisher struct {
	published atomic.Int64
	quit      chan struct{}
	ended     chan struct{}
}

func startPublisher(t *testing.T, url string) *publisher {
	t.Helper()
	c := client(t, url, "publisher")
	p := &publisher{quit: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		tick := time.NewTicker(killPace)
		defer tick.Stop()
		for {
			select {
			case <-p.quit:
				return
			case <-tick.C:
			}
			n := p.published.Load() + 1
			k := c.Publish("kill/in", 1, false, fmt.Appendf(nil, `{"seq":%d,"at":%d}`, n, eventTime(int(n))))
			if !k.WaitTimeout(stack.Patience) || k.Error() != nil {
				t.Errorf("publish: %v", k.Error())
				return
			}
			p.published.Store(n)
		}
	}()
	return p
}

// stop ends the publisher and returns how many messages it has sent.
func (p *publisher) stop() int {
	close(p.quit)
	<-p.ended
	return int(p.published.Load())
}

func eventTime(n int) int { return 1_700_000_000_000 + n*eventStep }

func client(t *testing.T, url, id string) mqtt.Client {
	t.Helper()
	c := mqtt.NewClient(mqtt.NewClientOptions().AddBroker(url).SetClientID(id).SetOrderMatters(true))
	if k := c.Connect(); !k.WaitTimeout(stack.Patience) || k.Error() != nil {
		t.Fatal(k.Error())
	}
	t.Cleanup(func() { c.Disconnect(100) })
	return c
}

// killResult is what comes from either rule.
type killResult struct{ Seq, N, S, E int }

// killResults are what the sinks have got so far.
type killResults struct {
	mu      sync.Mutex
	alarms  []int
	windows []killResult
}

func watch(t *testing.T, url string) *killResults {
	t.Helper()
	r := &killResults{}
	k := client(t, url, "watcher").Subscribe("kill/+", 1, func(_ mqtt.Client, m mqtt.Message) {
		var row killResult
		if err := json.Unmarshal(m.Payload(), &row); err != nil {
			t.Errorf("%s: %v", m.Payload(), err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		switch m.Topic() {
		case "kill/alarms":
			r.alarms = append(r.alarms, row.Seq)
		case "kill/windows":
			r.windows = append(r.windows, row)
		}
	})
	if !k.WaitTimeout(stack.Patience) || k.Error() != nil {
		t.Fatal(k.Error())
	}
	return r
}

func (r *killResults) look() (alarms []int, windows []killResult) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.alarms[:len(r.alarms):len(r.alarms)], r.windows[:len(r.windows):len(r.windows)]
}

// check waits for the last alarm and window and compares all of them with what
// they must be. From calm on nothing may come twice.
func check(t *testing.T, r *killResults, n, calm int) {
	t.Helper()
	lastAlarm := n / alarmEvery * alarmEvery
	lastWindow := eventTime(n) / 1000 * 1000 // it has ended
	for deadline := time.Now().Add(stack.Patience); ; time.Sleep(20 * time.Millisecond) {
		alarms, windows := r.look()
		if len(alarms) > 0 && alarms[len(alarms)-1] == lastAlarm && len(windows) > 0 && windows[len(windows)-1].E == lastWindow {
			break
		}
		if time.Now().After(deadline) {
			t.Errorf("alarm %d or window %d never came", lastAlarm, lastWindow)
			break
		}
	}
	alarms, windows := r.look()
	again := checkAlarms(t, alarms, lastAlarm, calm)
	checkWindows(t, windows, lastWindow, n, calm)
	t.Logf("%d kills, %d messages: %d alarms, %d of them again; %d windows", kills, n, len(alarms), again, len(windows))
}

func checkAlarms(t *testing.T, alarms []int, last, calm int) (again int) {
	t.Helper()
	times, newest := map[int]int{}, 0
	for _, seq := range alarms {
		if times[seq]++; times[seq] > 1 {
			again++
			continue
		}
		if seq != newest+alarmEvery {
			t.Errorf("alarm %d came first behind %d", seq, newest)
		}
		newest = seq
	}
	for seq := alarmEvery; seq <= last; seq += alarmEvery {
		if times[seq] == 0 {
			t.Errorf("alarm %d is lost", seq)
		}
		if seq >= calm && times[seq] > 1 {
			t.Errorf("alarm %d came %d times without a crash", seq, times[seq])
		}
	}
	return again
}

func checkWindows(t *testing.T, windows []killResult, last, n, calm int) {
	t.Helper()
	want := map[int]killResult{}
	for i := 1; i <= n; i++ {
		end := (eventTime(i)/1000 + 1) * 1000
		if end > last {
			break
		}
		w := want[end]
		want[end] = killResult{N: w.N + 1, S: w.S + i, E: end}
	}
	times, newest := map[int]int{}, 0
	for _, w := range windows {
		if w != want[w.E] {
			t.Errorf("window %+v, want %+v", w, want[w.E])
		}
		if times[w.E]++; times[w.E] > 1 {
			if w.E > eventTime(calm)+1000 {
				t.Errorf("window %d came again without a crash", w.E)
			}
			continue
		}
		if newest != 0 && w.E != newest+1000 {
			t.Errorf("window %d came first behind %d", w.E, newest)
		}
		newest = w.E
	}
	for end := range want {
		if times[end] == 0 {
			t.Errorf("window %d is lost", end)
		}
	}
}

// TestKilledOnTheEdgeXBus shows what that bus can promise: its messages come in
// order and at most once, and what it brings while the service is away is gone.
func TestKilledOnTheEdgeXBus(t *testing.T) {
	t.Parallel()
	broker := servers.Mosquitto(t)
	b := stack.Bus{Type: "mqtt", Port: broker.Port}
	seen := results(t, broker, "bus/out")
	r := stack.NewRules(t, b)
	stack.MustCall(t, 201, "POST", r.API+"/streams", `{"sql":"CREATE STREAM events () WITH (TYPE=\"edgex\", FORMAT=\"json\")"}`)
	stack.MustCall(t, 201, "POST", r.API+"/rules", fmt.Sprintf(
		`{"id":"bus","sql":"SELECT N FROM events","actions":[{"mqtt":{"server":"tcp://%s","topic":"bus/out","qos":1,"sendSingle":true}}],"options":{"qos":1}}`, broker.Addr()))
	c := busClient(t, b)
	warmUp(t, c, seen)
	arrive := func(from, to int) {
		t.Helper()
		for n := from; n <= to; n++ {
			publish(t, c, n)
		}
		for want := from; want <= to; {
			select {
			case n := <-seen:
				if n == 0 {
					continue // of the warm-up
				}
				if n != want {
					t.Fatalf("event %d came where %d was due", n, want)
				}
				want++
			case <-time.After(stack.Patience):
				t.Fatalf("event %d never came", want)
			}
		}
	}
	arrive(1, 100)
	for round := range 3 {
		r.Kill()
		base := 1000 * (round + 1)
		for n := range 10 {
			publish(t, c, base+n)
		}
		r.Restart(t)
		warmUp(t, c, seen)
		arrive(base+500, base+600)
	}
}
