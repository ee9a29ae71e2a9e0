package hub

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

// keeping gives a bench an intake journal.
func (b *bench) keeping(o IntakeOptions) *bench {
	b.t.Helper()
	if o.Dir == "" {
		o.Dir = filepath.Join(b.t.TempDir(), "intake")
	}
	b.KeepIntake(o)
	return b
}

// attachDurable attaches a rule with qos 1; its states at cuts go to the
// channel.
func (b *bench) attachDurable(id, sql string, cuts chan<- []byte) (*Attachment, *sink) {
	b.t.Helper()
	out := newSink()
	r, err := b.rule(id, sql, out)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Durable, r.AtCut = true, func(state []byte) { cuts <- state }
	a, err := b.Attach(r)
	if err != nil {
		b.t.Fatal(err)
	}
	return a, out
}

func TestRecordsOfMessages(t *testing.T) {
	now := time.Unix(5, 7)
	topic := oldMeta{value.OfObject(value.FieldsOf([]string{"topic", "qos"}, []value.Value{value.OfString("a/b"), value.OfInt(1)}))}
	in := []connector.Inbound{
		{Payload: []byte("one"), Meta: topic, Time: now},
		{Payload: nil, Time: now.Add(time.Second)},
		{Payload: []byte("three"), Meta: topic, Time: now},
	}
	records := recordsOf(originOf("mqtt x"), in)
	if len(records) != len(in) {
		t.Fatal(len(records))
	}
	for i, b := range records {
		from, m, err := parseInbound(b)
		if err != nil || from != originOf("mqtt x") {
			t.Fatal(from, err)
		}
		if string(m.Payload) != string(in[i].Payload) || !m.Time.Equal(in[i].Time) || (m.Meta == nil) != (in[i].Meta == nil) {
			t.Errorf("%+v", m)
		}
		if m.Meta != nil && (m.Meta.Get("topic").Str() != "a/b" || !m.Meta.Get("none").IsMissing() || m.Meta.All().String() != topic.All().String()) {
			t.Errorf("%v", m.Meta.All())
		}
	}
}

func FuzzParseInbound(f *testing.F) {
	for _, b := range recordsOf(1, []connector.Inbound{{Payload: []byte("x"), Meta: oldMeta{value.OfObject(nil)}, Time: time.Unix(1, 0)}, {}}) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		from, m, err := parseInbound(b)
		if err != nil {
			return
		}
		again := recordsOf(from, []connector.Inbound{m})
		if _, m2, err := parseInbound(again[0]); err != nil || string(m2.Payload) != string(m.Payload) || !m2.Time.Equal(m.Time) {
			t.Errorf("%v: %+v is not %+v", err, m2, m)
		}
	})
}

// The broker hears of a message once it is on disk, however long a rule works
// on it.
func TestAcknowledgedOnDisk(t *testing.T) {
	noLeak(t)
	b := newBench(t, demo).keeping(IntakeOptions{})
	_, out := b.attachDurable("r", "SELECT a FROM demo", make(chan []byte, 9))
	hold := make(chan struct{})
	out.fail = func() error { <-hold; return nil }
	acked := make(chan error, 1)
	b.feeds.get("demo").give(delivery{payloads: []string{`{"a":1}`}, ack: func(err error) { acked <- err }})
	if err := <-acked; err != nil {
		t.Error(err)
	}
	close(hold)
	out.want(t, "a=1 ")
	if s := b.Intake(); s.Records != 1 || s.Bytes == 0 || s.Error != "" {
		t.Errorf("%+v", s)
	}
}

// A source that can acknowledge is not journaled without need.
func TestNothingOnDiskWithoutNeed(t *testing.T) {
	b := newBench(t, demo).keeping(IntakeOptions{})
	_, out := b.attach("r", "SELECT a FROM demo")
	acked := make(chan error, 1)
	b.feeds.get("demo").give(delivery{payloads: []string{`{"a":1}`}, ack: func(err error) { acked <- err }})
	if err := <-acked; err != nil {
		t.Error(err)
	}
	out.want(t, "a=1 ")
	if b.intake.exists() {
		t.Error("there is a journal")
	}
}

// TestDiskFails: messages are then acknowledged when the rules are done, and go
// to the journal again once it works.
func TestDiskFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, demo)
		var log strings.Builder
		b.env.Log = slog.New(slog.NewTextHandler(&log, nil))
		dir := filepath.Join(t.TempDir(), "intake")
		if err := os.WriteFile(dir, nil, 0o600); err != nil { // a file where the folder should be
			t.Fatal(err)
		}
		b.keeping(IntakeOptions{Dir: dir})
		_, out := b.attachDurable("r", "SELECT a FROM demo", make(chan []byte, 9))
		hold := make(chan struct{})
		out.fail = func() error { <-hold; return nil }
		acked := make(chan error, 9)
		give := func(n int) {
			b.feeds.get("demo").give(delivery{payloads: []string{fmt.Sprintf(`{"a":%d}`, n)}, ack: func(err error) { acked <- err }})
		}
		give(1)
		give(2)
		synctest.Wait()
		if len(acked) > 0 {
			t.Error("acknowledged while it was nowhere safe")
		}
		if s := b.Intake(); s.Error == "" {
			t.Error("the status does not tell")
		}
		close(hold)
		out.want(t, "a=1 ", "a=2 ")
		if err := errors.Join(<-acked, <-acked); err != nil {
			t.Error(err)
		}
		if n := strings.Count(log.String(), "cannot be used"); n != 1 {
			t.Errorf("logged %d times: %s", n, log.String())
		}
		if err := os.Remove(dir); err != nil {
			t.Fatal(err)
		}
		time.Sleep(intakePause)
		give(3)
		out.want(t, "a=3 ")
		if err := <-acked; err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if s := b.Intake(); s.Error != "" || s.Records != 1 {
			t.Errorf("%+v", s)
		}
	})
}

// A write that fails after the rows went on: the receipt waits for the rules.
func TestReceipt(t *testing.T) {
	boom := errors.New("boom")
	for _, c := range []struct {
		name  string
		steps []func(*receipt)
		want  []error
	}{
		{"written, then delivered", []func(*receipt){func(r *receipt) { r.journaled(nil) }, func(r *receipt) { r.delivered(boom) }}, []error{nil}},
		{"delivered, then written", []func(*receipt){func(r *receipt) { r.delivered(nil) }, func(r *receipt) { r.journaled(nil) }}, []error{nil}},
		{"failed, then delivered", []func(*receipt){func(r *receipt) { r.journaled(boom) }, func(r *receipt) { r.delivered(nil) }}, []error{nil}},
		{"failed, then lost", []func(*receipt){func(r *receipt) { r.journaled(boom) }, func(r *receipt) { r.delivered(boom) }}, []error{boom}},
		{"delivered, then failed", []func(*receipt){func(r *receipt) { r.delivered(nil) }, func(r *receipt) { r.journaled(boom) }}, []error{nil}},
	} {
		var got []error
		r := &receipt{answer: func(err error) { got = append(got, err) }}
		for _, step := range c.steps {
			step(r)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: answered %v", c.name, got)
		}
	}
}

// A full journal holds the source back, without loss, until a checkpoint.
func TestFullJournalHoldsTheSourceBack(t *testing.T) {
	noLeak(t)
	b := newBench(t, demo).keeping(IntakeOptions{MaxBytes: 64 << 10})
	cuts := make(chan []byte, 1000)
	_, out := b.attachDurable("r", "SELECT a FROM demo", cuts)
	const n = 400
	sent := make(chan int)
	pad := strings.Repeat("x", 1000)
	acked := make(chan error, n)
	go func() {
		defer close(sent)
		for i := range n {
			b.feeds.get("demo").give(delivery{payloads: []string{fmt.Sprintf(`{"a":%d,"pad":%q}`, i, pad)}, ack: func(err error) { acked <- err }})
			if i%10 == 0 {
				sent <- i
			}
		}
	}()
	waitFor(t, func() bool { // it comes to a stop
		select {
		case <-sent:
		default:
		}
		return b.Intake().Full
	})
	go func() {
		for range sent {
		}
	}()
	checkpoints := 0
	for done := 0; done < n; {
		select {
		case <-b.Urgent():
			m, err := b.Cut(t.Context())
			if err == nil {
				err = errors.Join(b.Settle(context.Background(), m), b.Forgo(m))
			}
			if err != nil {
				t.Fatal(err)
			}
			checkpoints++
		case err := <-acked:
			if err != nil {
				t.Fatal(err)
			}
			done++
		case <-time.After(patience):
			t.Fatalf("%d of %d messages, %d checkpoints", done, n, checkpoints)
		}
		if s := b.Intake(); s.Bytes > 64<<10 {
			t.Fatalf("%d bytes on disk", s.Bytes)
		}
	}
	for i := range n {
		out.want(t, fmt.Sprintf("a=%d ", i))
	}
	if checkpoints < 5 {
		t.Errorf("%d checkpoints", checkpoints)
	}
}

// One message that is larger than the journal does not stop the source.
func TestMessageLargerThanTheJournal(t *testing.T) {
	b := newBench(t, demo).keeping(IntakeOptions{MaxBytes: 8 << 10})
	_, out := b.attachDurable("r", "SELECT a FROM demo", make(chan []byte, 9))
	acked := make(chan error, 1)
	b.feeds.get("demo").give(delivery{
		payloads: []string{`{"a":1}`, `{"a":2,"pad":"` + strings.Repeat("x", 9<<10) + `"}`, `{"a":3}`},
		ack:      func(err error) { acked <- err },
	})
	if err := <-acked; err != nil {
		t.Error(err)
	}
	out.want(t, "a=1 ", "a=2 ", "a=3 ")
	if s := b.Intake(); s.TooLarge != 1 || s.Records != 2 || s.Error != "" {
		t.Errorf("%+v", s)
	}
}
