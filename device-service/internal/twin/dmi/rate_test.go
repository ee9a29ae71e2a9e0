package dmi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	pb "github.com/kubeedge/api/apis/dmi/v1beta1"
	"golang.org/x/time/rate"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// bucket is an edgecore of which only its rate matters: 100 calls, and then one
// each second.
type bucket struct {
	pb.DeviceManagerServiceClient
	limiter *rate.Limiter
	answer  func(device string) error // nil: takes all

	mu      sync.Mutex
	devices []string // in the order of their reports
	values  map[string]string
	refused int
}

func newBucket() *bucket {
	return &bucket{limiter: rate.NewLimiter(1, 100), values: map[string]string{}}
}

func (b *bucket) take(device string, note func()) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.limiter.Allow() {
		b.refused++
		return status.Errorf(codes.Unknown, "fail to report device status because of too many request: %s", device)
	}
	if b.answer != nil {
		if err := b.answer(device); err != nil {
			return err
		}
	}
	note()
	return nil
}

func (b *bucket) ReportDeviceStatus(_ context.Context, in *pb.ReportDeviceStatusRequest, _ ...grpc.CallOption) (*pb.ReportDeviceStatusResponse, error) {
	return &pb.ReportDeviceStatusResponse{}, b.take(in.GetDeviceName(), func() {
		b.devices = append(b.devices, in.GetDeviceName())
		for _, t := range in.GetReportedDevice().GetTwins() {
			b.values[in.GetDeviceName()+"/"+t.GetPropertyName()] = t.GetReported().GetValue()
		}
	})
}

func (b *bucket) ReportDeviceStates(_ context.Context, in *pb.ReportDeviceStatesRequest, _ ...grpc.CallOption) (*pb.ReportDeviceStatesResponse, error) {
	return &pb.ReportDeviceStatesResponse{}, b.take(in.GetDeviceName(), func() { b.values[in.GetDeviceName()] = in.GetState() })
}

// reported are the devices so far, in the order of their reports.
func (b *bucket) reported() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.devices)
}

// reporting runs a mapper's reports in a bubble, with the usual pace.
func reporting(t *testing.T, edgecore pb.DeviceManagerServiceClient) *Mapper {
	t.Helper()
	m, err := New(Config{Name: "m", Protocol: "modbus", Socket: "/tmp/none.sock"}, &recorder{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	m.link.set(true, true, "")
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		m.sendReports(ctx, edgecore)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return m
}

func put(t *testing.T, m *Mapper, device string, twins ...Twin) {
	t.Helper()
	if err := m.Report(ID{"default", device}, twins...); err != nil {
		t.Error(err)
	}
}

// Edgecore takes 100 calls and then one each second: the mapper stays a little
// below, and not one of its calls is refused.
func TestRateOfEdgecoreIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBucket()
		m := reporting(t, b)
		for i := range 300 {
			put(t, m, fmt.Sprintf("d%03d", i), Twin{Property: "p", Reported: "1"})
		}
		synctest.Wait()
		if n := len(b.reported()); n != usual.burst {
			t.Errorf("%d calls at once, want %d", n, usual.burst)
		}
		time.Sleep(100 * time.Second)
		synctest.Wait()
		if n := len(b.reported()) - usual.burst; n != 90 {
			t.Errorf("%d calls in 100 s after the burst, want 90", n)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := len(b.reported()); n != 300 || b.refused != 0 {
			t.Errorf("%d devices reported, %d calls refused; want 300 and 0", n, b.refused)
		}
		if c := m.Status().Reports; c.Sent != 300 || c.Queued != 0 || c.Refused != 0 {
			t.Errorf("counted %+v", c)
		}
	})
}

// Values that change faster than they may go out coalesce, and an answer to a
// desired value overtakes them.
func TestAnswersOvertakeAndValuesCoalesce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBucket()
		m := reporting(t, b)
		for range usual.burst {
			put(t, m, "first", Twin{Property: "p", Reported: "0"})
			synctest.Wait()
		}
		for round := range 10 {
			for i := range 20 {
				put(t, m, fmt.Sprintf("d%02d", i), Twin{Property: "p", Reported: fmt.Sprint(round)}, Twin{Property: "q", Reported: fmt.Sprint(round)})
			}
		}
		put(t, m, "answer", Twin{Property: "threshold", Reported: "85", Observed: "85"})
		put(t, m, "d07", Twin{Property: "threshold", Observed: "86"})
		time.Sleep(time.Minute)
		synctest.Wait()
		after := b.reported()[usual.burst:]
		if len(after) != 21 || after[0] != "answer" || after[1] != "d07" || after[2] != "d00" {
			t.Errorf("reported %v", after)
		}
		if b.values["d19/p"] != "9" || b.values["d19/q"] != "9" {
			t.Errorf("d19 has %s and %s, want 9", b.values["d19/p"], b.values["d19/q"])
		}
		if c := m.Status().Reports; c.Coalesced != 9*20*2 {
			t.Errorf("%d coalesced, want %d", c.Coalesced, 9*20*2)
		}
	})
}

// Other mappers draw from the same bucket: what is refused is tried again.
func TestRefusedCallsAreMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBucket()
		b.limiter.AllowN(time.Now(), 99)
		m := reporting(t, b)
		for i := range 10 {
			id := fmt.Sprintf("d%d", i)
			put(t, m, id, Twin{Property: "p", Reported: "1"})
			if err := m.State(ID{"default", id}, "online"); err != nil {
				t.Error(err)
			}
		}
		synctest.Wait()
		put(t, m, "d1", Twin{Property: "p", Reported: "2"}) // d1 has just been refused
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		for i := range 10 {
			if id := fmt.Sprintf("d%d", i); b.values[id] != "online" || b.values[id+"/p"] == "" {
				t.Errorf("%s: state %q, value %q", id, b.values[id], b.values[id+"/p"])
			}
		}
		if b.values["d1/p"] != "2" {
			t.Errorf("d1 has %s: an older value came after a newer one", b.values["d1/p"])
		}
		c := m.Status().Reports
		if b.refused == 0 || c.Refused != uint64(b.refused) || c.Sent != 20 || c.Failed != 0 {
			t.Errorf("%d refused; counted %+v", b.refused, c)
		}
		if b.refused > 3 {
			t.Errorf("%d calls refused: the mapper does not take the pace of the bucket", b.refused)
		}
	})
}

// A report that edgecore cannot take is given up, and does not hold up others.
func TestBadReportIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBucket()
		b.answer = func(device string) error {
			if device == "bad" {
				return status.Error(codes.Unknown, "no such table")
			}
			return nil
		}
		m := reporting(t, b)
		put(t, m, "bad", Twin{Property: "p", Reported: "1"})
		put(t, m, "good", Twin{Property: "p", Reported: "1"})
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := b.reported(); !slices.Equal(got, []string{"good"}) {
			t.Errorf("reported %v", got)
		}
		if c := m.Status().Reports; c.Failed != 1 || c.Queued != 0 {
			t.Errorf("counted %+v", c)
		}
	})
}

// An edgecore before 1.18 has no call for states.
func TestUnknownCallIsLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBucket()
		b.answer = func(string) error { return status.Error(codes.Unimplemented, "unknown method") }
		m := reporting(t, b)
		if err := m.State(ID{"default", "d"}, "online"); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if c := m.Status().Reports; c.Failed != 1 || c.Queued != 0 {
			t.Errorf("counted %+v", c)
		}
	})
}

// While edgecore is away nothing is tried, and all goes out when it is back.
func TestReportsWaitForEdgecore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBucket()
		down := true
		b.answer = func(string) error {
			if down {
				return status.Error(codes.Unavailable, "connection refused")
			}
			return nil
		}
		m := reporting(t, b)
		put(t, m, "d", Twin{Property: "p", Reported: "1"})
		synctest.Wait()
		m.link.set(false, false, "away")
		time.Sleep(24 * time.Hour)
		put(t, m, "d", Twin{Property: "p", Reported: "2"})
		m.outbox.forget(ID{"default", "nobody"})
		b.mu.Lock()
		down = false
		b.mu.Unlock()
		m.link.set(true, true, "")
		synctest.Wait()
		if got := b.reported(); len(got) != 1 || b.values["d/p"] != "2" {
			t.Errorf("reported %v, d has %s", got, b.values["d/p"])
		}
	})
}

func TestForgottenDeviceIsNotReported(t *testing.T) {
	o := newOutbox()
	for _, name := range []string{"a", "b"} {
		if err := o.report(ID{"default", name}, []Twin{{Property: "p", Reported: "1", Observed: "1"}}, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	l := o.next()
	if l.to.id.Name != "a" {
		t.Fatalf("%s goes first", l.to.id)
	}
	o.forget(ID{"default", "a"})
	o.back(l)
	if l = o.next(); l.to.id.Name != "b" || o.next() != nil {
		t.Error("a device that is gone is reported")
	}
	o.again()
	if l = o.next(); l == nil || l.to.id.Name != "b" || l.call.GetReportedDevice().GetTwins()[0].GetObservedDesired().GetValue() != "1" {
		t.Error("what edgecore may have missed is not reported again")
	}
}

// An answer without a value, and a value without an answer, keep the other.
func TestTwinKeepsWhatIsNotNew(t *testing.T) {
	o := newOutbox()
	id := ID{Name: "d"} // in the namespace default
	for _, twin := range []Twin{{Property: "p", Reported: "1", Type: "int"}, {Property: "p", Observed: "2"}, {Property: "p", Reported: "3"}} {
		if err := o.report(id, []Twin{twin}, time.Now()); err != nil {
			t.Fatal(err)
		}
		if twin.Observed == "2" {
			if l := o.next().call.GetReportedDevice().GetTwins()[0]; l.GetReported().GetValue() != "1" || l.GetObservedDesired().GetValue() != "2" {
				t.Errorf("the answer is %v", l)
			}
		}
	}
	twins := o.twins(ID{"default", "d"})
	if len(twins) != 1 || twins[0].GetReported().GetValue() != "3" || twins[0].GetObservedDesired().GetValue() != "2" || twins[0].GetReported().GetMetadata()["type"] != "int" {
		t.Errorf("the twins are %v", twins)
	}
}

// A refusal for the rate does not say that edgecore knows the mapper; another
// error that it answers with does.
func TestAnswersOfEdgecore(t *testing.T) {
	for _, c := range []struct {
		err  error
		want bool
	}{
		{status.Error(codes.Unknown, "fail to get device list"), true},
		{status.Error(codes.Unknown, "fail to register mapper because of too many request: m"), false},
		{status.Error(codes.Unavailable, "connection refused"), false},
		{status.Error(codes.Unimplemented, "unknown service v1beta1.DeviceManagerService"), false},
		{status.FromContextError(context.DeadlineExceeded).Err(), false},
	} {
		if got := answered(c.err); got != c.want {
			t.Errorf("answered(%v) = %v", c.err, got)
		}
	}
}

func TestOutboxIsBounded(t *testing.T) {
	o := newOutbox()
	var errs []error
	for i := range maxTwins + 1 {
		errs = append(errs, o.report(ID{"default", "d"}, []Twin{{Property: fmt.Sprint("p", i), Reported: "1"}}, time.Now()))
	}
	for i := range maxDevices {
		errs = append(errs, o.setState(ID{"default", fmt.Sprint("d", i)}, "ok"))
	}
	errs = append(errs, o.setState(ID{}, "ok"), o.report(ID{"default", "more"}, []Twin{{Property: "p"}}, time.Now()))
	var n int
	for _, err := range errs {
		if err != nil {
			n++
		}
	}
	if c := o.status(); n != 4 || c.Dropped != 4 || c.Queued != maxDevices {
		t.Errorf("%d errors, counted %+v: %v", n, c, errors.Join(errs...))
	}
}
