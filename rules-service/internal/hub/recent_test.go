package hub

import (
	"fmt"
	"path/filepath"
	"testing"

	"sluice/rules-service/internal/connector"
)

func TestRecent(t *testing.T) {
	msg := func(id uint16, payload string) *connector.Inbound {
		return &connector.Inbound{ID: id, Payload: []byte(payload), Again: true}
	}
	numbered := func(n int) *connector.Inbound { return msg(uint16(n%65535+1), fmt.Sprint(n)) }
	for _, c := range []struct {
		name string
		fill func(r *recent)
		ask  *connector.Inbound
		want bool
	}{
		{"the same", func(r *recent) { r.add(1, msg(7, "x")) }, msg(7, "x"), true},
		{"for the first time", func(r *recent) { r.add(1, msg(7, "x")) }, &connector.Inbound{ID: 7, Payload: []byte("x")}, false},
		{"another payload", func(r *recent) { r.add(1, msg(7, "x")) }, msg(7, "y"), false},
		{"of another source", func(r *recent) { r.add(2, msg(7, "x")) }, msg(7, "x"), false},
		{"without a name", func(r *recent) { r.add(1, msg(0, "x")) }, msg(0, "x"), false},
		{"a name that was used again", func(r *recent) { r.add(1, msg(7, "x")); r.add(1, msg(7, "y")) }, msg(7, "x"), false},
		{"a name that is used again at once", func(r *recent) { r.add(1, msg(7, "x")); r.add(1, msg(7, "x")) }, msg(7, "x"), false},
		{"a name that was used long ago", func(r *recent) {
			r.add(1, msg(7, "x"))
			for n := range distinctNames {
				r.add(1, msg(uint16(100+n), "z"))
			}
			r.add(1, msg(7, "x"))
		}, msg(7, "x"), true},
		{"a sensor that sends the same again, of a broker that gives the smallest free name", func(r *recent) {
			for range 3 { // bursts, of which the last has one message less in the journal
				for id := range uint16(20) {
					r.add(1, msg(id+1, "21.5"))
				}
			}
			r.list = r.list[:len(r.list)-1]
		}, msg(20, "21.5"), false},
		{"the same again with a large name that only one burst had", func(r *recent) {
			for id := range uint16(300) {
				r.add(1, msg(id+1, "21.5"))
			}
			for id := range uint16(299) {
				r.add(1, msg(id+1, "21.5"))
			}
		}, msg(300, "21.5"), false},
		{"the name went by the journal since", func(r *recent) { r.add(1, msg(7, "x")); r.pass(1, msg(7, "x")) }, msg(7, "x"), false},
		{"the same again after all names were used by the journal", func(r *recent) {
			r.add(1, msg(7, "x"))
			for n := range 5000 {
				r.pass(1, numbered(8+n))
			}
			r.pass(1, msg(7, "x"))
		}, msg(7, "x"), false},
		{"the oldest of a full list", func(r *recent) {
			for n := range 3*recentMessages + 5 {
				r.add(1, numbered(n))
			}
		}, numbered(2*recentMessages + 5), true},
		{"older than a full list", func(r *recent) {
			for n := range 3*recentMessages + 5 {
				r.add(1, numbered(n))
			}
		}, numbered(2*recentMessages + 4), false},
	} {
		r := &recent{}
		c.fill(r)
		if got := r.has(1, c.ask); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// What the transport delivers once more is acknowledged and does not come to the
// rules again, though a checkpoint has passed and the service was killed.
func TestDeliveredAgain(t *testing.T) {
	noLeak(t)
	dir := filepath.Join(t.TempDir(), "intake")
	deliver := func(b *bench, again bool, payloads ...string) {
		acked := make(chan error, 1)
		d := delivery{payloads: payloads, ids: true, again: again, ack: func(err error) { acked <- err }}
		b.feeds.get("demo").give(d)
		if err := <-acked; err != nil {
			t.Error(err)
		}
	}
	b := newBench(t, demo).keeping(IntakeOptions{Dir: dir})
	_, out := b.attachDurable("r", "SELECT a FROM demo", make(chan []byte, 9))
	deliver(b, false, `{"a":1}`, `{"a":2}`)
	deliver(b, true, `{"a":1}`, `{"a":2}`)
	deliver(b, true, `{"a":1}`, `{"a":3}`)
	out.want(t, "a=1 ", "a=2 ", "a=3 ")
	m, err := b.Cut(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Forgo(m); err != nil {
		t.Fatal(err)
	}
	if s := b.Intake(); s.Repeated != 3 || s.Records != 0 {
		t.Errorf("%+v", s)
	}
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	b = newBench(t, demo).keeping(IntakeOptions{Dir: dir})
	b.Hold(*m)
	_, out = b.attachDurable("r", "SELECT a FROM demo", make(chan []byte, 9))
	<-b.Resume()
	deliver(b, true, `{"a":1}`, `{"a":3}`, `{"a":4}`)
	out.want(t, "a=4 ")
}
