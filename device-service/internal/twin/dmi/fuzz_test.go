package dmi

import (
	"encoding/json"
	"log/slog"
	"math"
	"strconv"
	"testing"

	pb "github.com/kubeedge/api/apis/dmi/v1beta1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"sluice/profiles/kubeedge"
)

// Whatever comes over the wire is refused with a reason or becomes a device
// that can be compared, converted and shown.
func FuzzDevice(f *testing.F) {
	device, model := boiler(f)
	for _, d := range []*pb.Device{device, {}, {Name: "a", Spec: &pb.DeviceSpec{Protocol: &pb.ProtocolConfig{ProtocolName: "modbus"}, DeviceModelReference: "m"}}} {
		for _, m := range []*pb.DeviceModel{model, {}, {Name: "m"}} {
			f.Add(wire(f, d), wire(f, m))
		}
	}
	f.Fuzz(func(t *testing.T, deviceBytes, modelBytes []byte) {
		d, m := &pb.Device{}, &pb.DeviceModel{}
		if proto.Unmarshal(deviceBytes, d) != nil || proto.Unmarshal(modelBytes, m) != nil {
			t.Skip()
		}
		r := newRegistry(nil, "modbus", slog.New(slog.DiscardHandler), func(ID) {})
		_ = r.putModel(m) // may be refused
		e, err := r.takeDevice(d)
		_ = r.status()
		if err != nil || e.wanted == nil {
			return
		}
		if len(e.wanted.device.Set.Devices) != 1 || len(e.wanted.device.Set.Models) != 1 {
			t.Fatalf("%d devices of %d models", len(e.wanted.device.Set.Devices), len(e.wanted.device.Set.Models))
		}
		again, err := newVersion(e.id, e.sent, r.models[modelOf(e.sent, e.id)])
		if err != nil || again.definition != e.wanted.definition || again.news(e.wanted) != nil {
			t.Fatalf("the same device is another one: %v", err)
		}
		_, _ = e.wanted.device.Convert(kubeedge.Options{})
	})
}

func wire(f *testing.F, m proto.Message) []byte {
	f.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		f.Fatal(err)
	}
	return b
}

// Any float32 gives itself again.
func FuzzNumber(f *testing.F) {
	for _, v := range []float64{0, 0.1, 1502, 16777217, -0.000123, 1e30, math.MaxFloat32, math.NaN(), math.Inf(1)} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v float64) {
		a, err := anypb.New(wrapperspb.Float(float32(v)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := plain(a)
		if math.IsNaN(float64(float32(v))) || math.IsInf(float64(float32(v)), 0) {
			if err == nil {
				t.Fatalf("%v is taken as %v", v, got)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		number, ok := got.(json.Number)
		if !ok {
			t.Fatalf("%T", got)
		}
		back, err := number.Float64()
		if err != nil || float32(back) != float32(v) {
			t.Fatalf("%v became %s", v, number)
		}
	})
}

// A number of up to six digits survives edgecore's float32 as it was written.
func TestShortNumbersAreExact(t *testing.T) {
	for _, scale := range []string{"", "e-1", "e-2", "e-3", "e-4"} {
		for n := range 10_000 {
			text := strconv.Itoa(n*100+n%97) + scale
			want, err := strconv.ParseFloat(text, 64)
			if err != nil {
				t.Fatal(err)
			}
			a, err := anypb.New(wrapperspb.Float(float32(want)))
			if err != nil {
				t.Fatal(err)
			}
			v, err := plain(a)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := v.(json.Number).Float64(); err != nil || got != want {
				t.Fatalf("%s became %v: %v", text, v, err)
			}
		}
	}
}
