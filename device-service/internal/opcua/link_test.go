package opcua

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gopcua/opcua/ua"

	"sluice/device-service/internal/driver"
)

func testLink(o Options) *link {
	return newLink(target{url: "opc.tcp://127.0.0.1:1"}, o, func(*link, string, driver.State) {})
}

func TestTurnsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := testLink(Options{})
		var leaves []func()
		for range inFlight {
			leave, err := l.enter(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			leaves = append(leaves, leave)
		}
		done, cancel := context.WithCancel(t.Context())
		results := make(chan error, maxWaiting)
		for range maxWaiting {
			go func() {
				leave, err := l.enter(done)
				if err == nil {
					leave()
				}
				results <- err
			}()
		}
		synctest.Wait()
		if _, err := l.enter(t.Context()); !errors.Is(err, driver.ErrBusy) {
			t.Errorf("one more: %v", err)
		}
		leaves[0]() // all who wait get their turn
		for range maxWaiting {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
		for _, leave := range leaves[1:] {
			leave()
		}
		for range inFlight {
			if _, err := l.enter(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		go func() {
			_, err := l.enter(done)
			results <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-results; !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	})
}

func TestRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := testLink(Options{})
		start := time.Now()
		var told []time.Duration
		l.tell = func(*link, string, driver.State) { told = append(told, time.Since(start)) }
		l.set(nil, errors.New("dead"))
		go func() {
			time.Sleep(4 * time.Second)
			l.join("one")
		}()
		l.rest(10 * time.Second)
		if took := time.Since(start); took != 10*time.Second {
			t.Errorf("rested %v", took)
		}
		if !slices.Equal(told, []time.Duration{4 * time.Second}) {
			t.Errorf("a device that joined was told after %v", told)
		}
		go func() {
			time.Sleep(time.Second)
			l.cancel(driver.ErrClosed)
		}()
		l.rest(time.Hour)
		if took := time.Since(start); took != 11*time.Second {
			t.Errorf("ended after %v", took)
		}
	})
}

func TestInParts(t *testing.T) {
	refuse := func(most int, parts *[]string) func(from, to int) error {
		return func(from, to int) error {
			*parts = append(*parts, fmt.Sprintf("%d-%d", from, to))
			if to-from > most {
				return named(ua.StatusBadTooManyOperations)
			}
			return nil
		}
	}
	var limit atomic.Int64
	limit.Store(8)
	var parts []string
	if err := inParts(10, &limit, refuse(3, &parts)); err != nil {
		t.Fatal(err)
	}
	if want := []string{"0-8", "0-4", "0-2", "2-4", "4-6", "6-8", "8-10"}; !slices.Equal(parts, want) {
		t.Errorf("parts %v, want %v", parts, want)
	}
	parts = nil
	if err := inParts(3, &limit, refuse(3, &parts)); err != nil || len(parts) != 2 {
		t.Errorf("parts after the limit was learnt: %v, %v", parts, err)
	}
	if err := inParts(3, &limit, refuse(0, &parts)); !errors.Is(err, ua.StatusBadTooManyOperations) {
		t.Errorf("a server that takes not even one: %v", err)
	}
	lost := errors.New("lost")
	if err := inParts(3, &limit, func(int, int) error { return lost }); err != lost {
		t.Errorf("%v", err)
	}
}

func TestOutcome(t *testing.T) {
	node := ua.NewStringNodeID(1, "a")
	s := &session{types: map[string]ua.TypeID{node.String(): ua.TypeIDInt32}}
	for _, code := range []ua.StatusCode{0, ua.StatusGoodClamped, ua.StatusUncertain} {
		if err := s.outcome(node, code); err != nil {
			t.Errorf("%08X: %v", uint32(code), err)
		}
	}
	if err := s.outcome(node, ua.StatusBadNotWritable); !errors.Is(err, driver.ErrReadOnly) || !errors.Is(err, ua.StatusBadNotWritable) {
		t.Errorf("%v", err)
	}
	if s.typeOf(node) != ua.TypeIDInt32 {
		t.Error("the type was forgotten")
	}
	if err := s.outcome(node, ua.StatusBadTypeMismatch); !errors.Is(err, ua.StatusBadTypeMismatch) || s.typeOf(node) != ua.TypeIDNull {
		t.Errorf("%v; type %v", err, s.typeOf(node))
	}
}

func TestNodeType(t *testing.T) {
	dataType := func(id uint32) *ua.DataValue { return &ua.DataValue{Value: ua.MustVariant(ua.NewNumericNodeID(0, id))} }
	value := func(v any) *ua.DataValue { return &ua.DataValue{Value: ua.MustVariant(v)} }
	bad := &ua.DataValue{Status: ua.StatusBadAttributeIDInvalid}
	empty := &ua.DataValue{Value: new(ua.Variant)}
	foreign := &ua.DataValue{Value: ua.MustVariant(ua.NewNumericNodeID(2, 6))}
	for _, tc := range []struct {
		name            string
		declared, value *ua.DataValue
		want            ua.TypeID
	}{
		{"built in", dataType(11), empty, ua.TypeIDDouble},
		{"any number", dataType(26), value(int16(1)), ua.TypeIDInt16},
		{"enumeration", foreign, value(int32(1)), ua.TypeIDInt32},
		{"array", bad, value([]float32{1}), ua.TypeIDFloat},
		{"undeclared", empty, value("x"), ua.TypeIDString},
	} {
		if got, err := nodeType(tc.declared, tc.value); err != nil || got != tc.want {
			t.Errorf("%s: %v, %v; want %v", tc.name, got, err, tc.want)
		}
	}
	if _, err := nodeType(empty, empty); err == nil {
		t.Error("no type and no value: no error")
	}
	if _, err := nodeType(bad, bad); !errors.Is(err, ua.StatusBadAttributeIDInvalid) {
		t.Errorf("bad: %v", err)
	}
}
