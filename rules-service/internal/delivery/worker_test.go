package delivery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

var single = map[string]any{"sendSingle": true, "fields": "a", "topic": "t"}

func payloads(from, to int) []string {
	var out []string
	for i := from; i < to; i++ {
		out = append(out, fmt.Sprintf(`{"a":%d}`, i))
	}
	return out
}

func TestRetryKeepsOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answers: []error{errRefused, errRefused}}
		target := open(t, f.pool(), single, Form{})
		start := time.Now()
		_ = target.Push(rows(nil, 0, 1, 2))
		synctest.Wait()
		if s := target.Stats(); s.Connection != Disconnected || s.LastDisconnectedMessage != "refused" {
			t.Error(s)
		}
		if err := target.Finish(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := slices.Concat(payloads(0, 3), payloads(0, 3), payloads(0, 3))
		if got := f.sent(); !slices.Equal(got, want) {
			t.Errorf("sent %v", got)
		}
		s := target.Stats()
		if s.RecordsOut != 3 || s.Exceptions != 2 || s.Dropped != 0 || s.Connection != Connected || s.BufferLength != 0 {
			t.Error(s)
		}
		if took := time.Since(start); took < 150*time.Millisecond || took > 450*time.Millisecond {
			t.Errorf("two pauses took %s", took)
		}
	})
}

func TestErrorClasses(t *testing.T) {
	for _, c := range []struct {
		name     string
		err      error
		want     []string
		out      uint64
		dropped  uint64
		pause    time.Duration
		connects int
	}{
		{"permanent", &connector.Permanent{Err: errRefused}, payloads(0, 3), 0, 3, 0, 1},
		{"partial", &connector.Partial{Failed: []int{1}, Err: errRefused}, append(payloads(0, 3), payloads(1, 2)...), 3, 0, 50 * time.Millisecond, 1},
		{"partial permanent", &connector.Partial{Failed: []int{1}, Err: &connector.Permanent{Err: errRefused}}, payloads(0, 3), 2, 1, 0, 1},
		{"retry after", &connector.RetryAfter{Err: errRefused, After: time.Minute}, append(payloads(0, 3), payloads(0, 3)...), 3, 0, time.Minute, 1},
		{"not connected", fmt.Errorf("%w: gone", connector.ErrNotConnected), append(payloads(0, 3), payloads(0, 3)...), 3, 0, 0, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answers: []error{c.err}}
				target := open(t, f.pool(), single, Form{})
				start := time.Now()
				acks := 0
				ack := value.NewAck(func(err error) {
					if acks++; err != nil {
						t.Error(err)
					}
				})
				_ = target.Push(rows(ack, 0, 1, 2))
				ack.Release(nil)
				if err := target.Finish(t.Context()); err != nil {
					t.Fatal(err)
				}
				s := target.Stats()
				if got := f.sent(); !slices.Equal(got, c.want) || s.RecordsOut != c.out || s.Dropped != c.dropped || f.connects != c.connects || acks != 1 {
					t.Errorf("sent %v, connects %d, acks %d, %+v", got, f.connects, acks, s)
				}
				if time.Since(start) < c.pause || s.Exceptions != 1 || s.LastException == "" {
					t.Errorf("took %s, %+v", time.Since(start), s)
				}
			})
		})
	}
}

// A sink that panics loses the batch, not the service.
func TestPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := open(t, poolOf(panicking{}), single, Form{})
		_ = target.Push(rows(nil, 1))
		_ = target.Finish(t.Context())
		if s := target.Stats(); s.Dropped != 1 || !strings.Contains(s.LastException, "panic in the sink: boom") {
			t.Fatal(s)
		}
	})
}

type panicking struct{ null }

func (panicking) Write(context.Context, []connector.Outbound) error { panic("boom") }

// A sink without a connection is connected when a message has arrived, not
// before.
func TestConnectionlessSink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answers: []error{nil, errRefused}}
		target := open(t, connectionlessPool(fakeSink{f}), single, Form{})
		expect := func(want Status) {
			t.Helper()
			synctest.Wait()
			if s := target.Stats(); s.Connection != want || s.LastConnectedTime.IsZero() != (want == Connecting) {
				t.Errorf("status %d, want %d: %+v", s.Connection, want, s)
			}
		}
		expect(Connecting)
		_ = target.Push(rows(nil, 1))
		expect(Connected)
		_ = target.Push(rows(nil, 2))
		expect(Disconnected)
		_ = target.Finish(t.Context())
		expect(Connected)
	})
}

// watched is a sink that tells when its connection is lost.
type watched struct {
	fakeSink
	lost chan error
}

func (w watched) Lost() <-chan error { return w.lost }

// A connection that is lost while nothing is written is told and made again.
func TestIdleSinkIsConnectedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		sink := watched{fakeSink{f}, make(chan error, 1)}
		target := open(t, poolOf(sink), single, Form{})
		expect := func(want Status) {
			t.Helper()
			synctest.Wait()
			if s := target.Stats(); s.Connection != want {
				t.Errorf("status %d, want %d: %+v", s.Connection, want, s)
			}
		}
		expect(Connected)
		f.set(func() { f.refuse = errRefused })
		sink.lost <- errors.New("gone")
		expect(Disconnected)
		f.set(func() { f.refuse = nil })
		time.Sleep(2 * longPause)
		expect(Connected)
		_ = target.Push(rows(nil, 1))
		_ = target.Finish(t.Context())
		if s := target.Stats(); s.RecordsOut != 1 || s.Dropped != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// Equal connections share a worker, with topics of their own.
func TestSharedConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		p := f.pool()
		one := open(t, p, map[string]any{"server": "s", "topic": "one"}, Form{})
		two := open(t, p, map[string]any{"server": "s", "topic": "two"}, Form{})
		other := open(t, p, map[string]any{"server": "other", "topic": "two"}, Form{})
		if one.worker != two.worker || one.worker == other.worker {
			t.Fatal("connections are not shared by their properties")
		}
		_ = one.Push(rows(nil, 1))
		_ = one.Finish(t.Context())
		_ = two.Push(rows(nil, 2))
		_ = two.Finish(t.Context())
		_ = other.Finish(t.Context())
		if f.values[0]["topic"] != "one" || f.values[1]["topic"] != "two" || len(p.workers) != 0 {
			t.Fatal(f.values, p.workers)
		}
	})
}

func BenchmarkPush(b *testing.B) {
	target := open(b, poolOf(null{}), single, Form{})
	batch := rows(nil, 1)
	b.ReportAllocs()
	for b.Loop() {
		_ = target.Push(batch)
	}
	_ = target.Finish(b.Context())
}

type null struct{ fakeSink }

func (null) Connect(context.Context) error                     { return nil }
func (null) Write(context.Context, []connector.Outbound) error { return nil }

type badFarewell struct{ null }

func (badFarewell) Close(context.Context) error { panic("boom") }

// A sink that panics when it is closed ends no service.
func TestPanicInClose(t *testing.T) {
	p := poolOf(badFarewell{})
	open(t, p, nil, Form{})
	must(t, p.Close(t.Context()))
}
