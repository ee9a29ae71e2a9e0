package dmi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	pb "github.com/kubeedge/api/apis/dmi/v1beta1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// registered runs a registry in a bubble. It has the boiler's model.
func registered(t *testing.T) (*registry, *recorder) {
	t.Helper()
	h := &recorder{}
	r := newRegistry(h, "modbus", slog.New(slog.DiscardHandler), func(ID) {})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	if err := r.putModel(second(boiler(t))); err != nil {
		t.Fatal(err)
	}
	return r, h
}

// changed is a boiler with another collectCycle and desired value.
func changed(t *testing.T, cycle int64, desired string) *pb.Device {
	t.Helper()
	d := first(boiler(t))
	d.Spec.Properties[0].CollectCycle = cycle
	d.Spec.Properties[1].Desired.Value = desired
	return d
}

func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("calls %q, want %q", got, want)
	}
}

// Edgecore gives up after 10 s and makes one call after the other: a handler
// that takes longer goes on, and edgecore hears of it in time.
func TestSlowHandlerDoesNotHoldUpEdgecore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, h := registered(t)
		h.failWith(func(call string) error {
			if strings.HasPrefix(call, stepApply) {
				time.Sleep(time.Minute)
			}
			return nil
		})
		start := time.Now()
		_, err := r.putDevice(t.Context(), first(boiler(t)))
		if !errors.Is(err, errLater) || time.Since(start) != answerTime {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		same(t, h.take(), "apply default/boiler-1", "desire default/boiler-1 threshold=80")
	})
}

// A device that does not answer is asked again, and edgecore does not wait.
func TestDesiredValueIsSetUntilItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, h := registered(t)
		var tries atomic.Int64
		var last time.Time
		h.failWith(func(call string) error {
			last = time.Now()
			if strings.HasPrefix(call, stepDesire) && tries.Add(1) < 10 {
				return errNotYet
			}
			return nil
		})
		start := time.Now()
		if _, err := r.putDevice(t.Context(), first(boiler(t))); err != nil || time.Since(start) > 0 {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := tries.Load(); n != 10 {
			t.Errorf("%d tries", n)
		}
		if got, want := last.Sub(start), (1+2+4+8+16+32+3*60)*time.Second; got != want {
			t.Errorf("the last try was after %v, want %v: pauses grow up to a minute", got, want)
		}
		h.take()
		if _, err := r.putDevice(t.Context(), first(boiler(t))); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		same(t, h.take())
	})
}

// What is wanted by now counts, not each thing that was wanted meanwhile.
func TestLastOfManyUpdatesCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, h := registered(t)
		h.failWith(func(string) error {
			time.Sleep(time.Minute)
			return nil
		})
		for i := range 5 {
			if _, err := r.putDevice(t.Context(), changed(t, int64(1000+i), fmt.Sprint(80+i))); !errors.Is(err, errLater) {
				t.Error(err)
			}
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		same(t, h.take(), "apply default/boiler-1", "apply default/boiler-1", "desire default/boiler-1 threshold=84")
	})
}

func TestDesiredValueAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, h := registered(t)
		for _, c := range []struct {
			device *pb.Device
			calls  []string
		}{
			{changed(t, 1000, "80"), []string{"apply default/boiler-1", "desire default/boiler-1 threshold=80"}},
			{changed(t, 1000, "81"), []string{"desire default/boiler-1 threshold=81"}},
			{changed(t, 1000, "81"), nil},
			{changed(t, 2000, "81"), []string{"apply default/boiler-1"}},
			{changed(t, 3000, "82"), []string{"apply default/boiler-1", "desire default/boiler-1 threshold=82"}},
			{changed(t, 3000, ""), nil}, // nothing is desired any more
			{changed(t, 3000, "82"), []string{"desire default/boiler-1 threshold=82"}},
		} {
			if _, err := r.putDevice(t.Context(), c.device); err != nil {
				t.Error(err)
			}
			synctest.Wait()
			same(t, h.take(), c.calls...)
		}
		twins := changed(t, 3000, "82") // what edgecore says of twins is no definition
		twins.Status = &pb.DeviceStatus{Twins: []*pb.Twin{{PropertyName: "threshold", Reported: &pb.TwinProperty{Value: "1"}}}}
		if _, err := r.putDevice(t.Context(), twins); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		same(t, h.take())
	})
}

func TestRemoval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, h := registered(t)
		if err := r.dropDevice(t.Context(), "", "unknown"); err != nil {
			t.Error(err)
		}
		same(t, h.take(), "remove default/unknown")

		h.failWith(func(call string) error {
			if strings.HasPrefix(call, stepRemove) {
				return errNotYet
			}
			return nil
		})
		if _, err := r.putDevice(t.Context(), first(boiler(t))); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if err := r.dropDevice(t.Context(), "default", "boiler-1"); err == nil || !strings.Contains(err.Error(), "remove: core-metadata is away") {
			t.Error(err)
		}
		if _, err := r.device("default", "boiler-1"); err == nil {
			t.Error("the removed device is known")
		}
		h.take()
		if _, err := r.putDevice(t.Context(), first(boiler(t))); err != nil { // it is back before it was gone
			t.Error(err)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		same(t, h.take())

		h.failWith(nil)
		if err := r.dropDevice(t.Context(), "default", "boiler-1"); err != nil {
			t.Error(err)
		}
		same(t, h.take(), "remove default/boiler-1")
		if list := r.status(); len(list) != 0 {
			t.Errorf("there are %v", list)
		}
	})
}

// A list of edgecore is older than what it has called for since.
func TestListDoesNotUndoCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, h := registered(t)
		other := changed(t, 1000, "80")
		other.Name = "boiler-2"
		list := []*pb.Device{changed(t, 1000, "80"), other}
		since := r.listing()
		if _, err := r.putDevice(t.Context(), changed(t, 1000, "85")); err != nil {
			t.Error(err)
		}
		if _, err := r.putDevice(t.Context(), other); err != nil {
			t.Error(err)
		}
		if err := r.dropDevice(t.Context(), "default", "boiler-2"); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		h.take()
		r.putList(since, []*pb.DeviceModel{second(boiler(t)), {}}, append(list, nil, &pb.Device{Name: "a/b"}))
		synctest.Wait()
		same(t, h.take())
		r.putList(r.listing(), nil, list)
		synctest.Wait()
		calls := h.take()
		slices.Sort(calls)
		same(t, calls, "apply default/boiler-2", "desire default/boiler-1 threshold=80", "desire default/boiler-2 threshold=80")
	})
}

// However many devices fail, the handler is called for a few at a time.
func TestHandlerIsCalledForAFewAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, h := registered(t)
		var now, most atomic.Int64
		h.failWith(func(string) error {
			if n := now.Add(1); n > most.Load() {
				most.Store(n)
			}
			time.Sleep(time.Second)
			now.Add(-1)
			return errNotYet
		})
		var list []*pb.Device
		for i := range 100 {
			d := first(boiler(t))
			d.Name = fmt.Sprint("boiler-", i)
			list = append(list, d)
		}
		r.putList(r.listing(), nil, list)
		time.Sleep(10 * time.Minute)
		if n := most.Load(); n != atOnce {
			t.Errorf("%d at a time, want %d", n, atOnce)
		}
		for _, d := range r.status() {
			if d.State != "failing" || d.Reason != "apply: core-metadata is away" {
				t.Errorf("%+v", d)
			}
		}
	})
}

func TestModelThatSpoilsADevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, h := registered(t)
		if _, err := r.putDevice(t.Context(), first(boiler(t))); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		h.take()
		bad := proto.CloneOf(second(boiler(t)))
		bad.Spec.Properties[0].Type = "FLOTA"
		err := r.putModel(bad)
		if err == nil || !strings.Contains(err.Error(), `device default/boiler-1: spec.properties[0].type: unknown value "FLOTA"; `) {
			t.Error(err)
		}
		if err := r.dropModel("default", "boiler-model"); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		same(t, h.take())
		if err := r.putModel(second(boiler(t))); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if list := r.status(); len(list) != 1 || list[0].State != "ready" {
			t.Errorf("there are %v", list)
		}
	})
}

// What no edgecore should send is refused with a reason.
func TestNonsense(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := registered(t)
		s := &server{registry: r, outbox: newOutbox()}
		with := func(change func(*pb.Device)) *pb.Device {
			d := first(boiler(t))
			change(d)
			return d
		}
		for want, d := range map[string]*pb.Device{
			"device: metadata.name is missing":                                            nil,
			`"a/b" is no name of Kubernetes`:                                              with(func(d *pb.Device) { d.Name = "a/b" }),
			`"a\x00" is no name of Kubernetes`:                                            with(func(d *pb.Device) { d.Namespace = "a\x00" }),
			"device default/boiler-1: spec is miss":                                       with(func(d *pb.Device) { d.Spec = nil }),
			`protocol "" is not that of this mapper`:                                      with(func(d *pb.Device) { d.Spec.Protocol = nil }),
			`spec.protocol: protocol "opcua" is not that of this mapper, which is modbus`: with(func(d *pb.Device) { d.Spec.Protocol.ProtocolName = "opcua" }),
			"spec.deviceModelRef.name is missing":                                         with(func(d *pb.Device) { d.Spec.DeviceModelReference = "" }),
			"spec.protocol.configData.port: has no value":                                 with(func(d *pb.Device) { d.Spec.Protocol.ConfigData.Data["port"] = nil }),
			"spec.properties[0].visitors.configData.offset: is no value of type":          with(func(d *pb.Device) { d.Spec.Properties[0].Visitors.ConfigData.Data["offset"].TypeUrl = "x" }),
			"spec.properties[1].name: is missing":                                         with(func(d *pb.Device) { d.Spec.Properties[1] = nil }),
		} {
			if _, err := s.RegisterDevice(t.Context(), &pb.RegisterDeviceRequest{Device: d}); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want %s", err, want)
			}
		}
		for _, err := range []error{
			second(s.CreateDeviceModel(t.Context(), &pb.CreateDeviceModelRequest{})), second(s.UpdateDeviceModel(t.Context(), nil)),
			second(s.RemoveDeviceModel(t.Context(), nil)), second(s.RemoveDevice(t.Context(), nil)), second(s.UpdateDevice(t.Context(), nil)),
			second(s.GetDevice(t.Context(), nil)), second(s.GetDevice(t.Context(), &pb.GetDeviceRequest{DeviceName: "none"})),
		} {
			if err == nil {
				t.Error("nonsense is taken")
			}
		}
		_, err := contained(slog.New(slog.DiscardHandler))(t.Context(), nil, &grpc.UnaryServerInfo{}, func(context.Context, any) (any, error) { panic("broken") })
		if err == nil || !strings.Contains(err.Error(), "panic: broken") {
			t.Error(err)
		}
	})
}
