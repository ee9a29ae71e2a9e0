package dmi

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	pb "github.com/kubeedge/api/apis/dmi/v1beta1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"sluice/profiles/kubeedge"
)

// anyOf is an Any as edgecore sends it.
func anyOf(t testing.TB, typ, base string) *anypb.Any {
	t.Helper()
	value, err := base64.StdEncoding.DecodeString(base)
	if err != nil {
		t.Fatal(err)
	}
	return &anypb.Any{TypeUrl: "type.googleapis.com/google.protobuf." + typ, Value: value}
}

// What edgecore 1.22.2 sent, byte by byte.
func TestValuesOfEdgecore(t *testing.T) {
	for _, c := range []struct{ typ, base, want string }{
		{"FloatValue", "DQDAu0Q=", `1502`},
		{"FloatValue", "DQAAgD8=", `1`},
		{"FloatValue", "Dc3MzD0=", `0.1`},
		{"FloatValue", "DQAAIEE=", `10`},
		{"FloatValue", "", `0`},
		{"StringValue", "CgNUQ1A=", `"TCP"`},
		{"BoolValue", "CAE=", `true`},
		{"BoolValue", "", `false`},
	} {
		v, err := plain(anyOf(t, c.typ, c.base))
		if err != nil {
			t.Errorf("%s %s: %v", c.typ, c.base, err)
			continue
		}
		if got, _ := json.Marshal(v); string(got) != c.want {
			t.Errorf("%s %s = %s, want %s", c.typ, c.base, got, c.want)
		}
	}
}

func TestPlain(t *testing.T) {
	for _, c := range []struct {
		in   any
		want string // or the error
	}{
		{wrapperspb.Float(0.01), `0.01`},
		{wrapperspb.Float(-1.5), `-1.5`},
		{wrapperspb.Float(115200), `115200`},
		{wrapperspb.Float(1 << 24), `16777216`},
		{wrapperspb.Float(1e6), `1000000`},
		{wrapperspb.Float(3.4e38), `3.4e+38`},
		{wrapperspb.Float(1e-7), `1e-07`},
		{wrapperspb.Double(0.1), `0.1`},
		{wrapperspb.Double(16777217), `16777217`},
		{wrapperspb.Int32(-3), `-3`},
		{wrapperspb.Int64(math.MaxInt64), `9223372036854775807`},
		{wrapperspb.UInt32(7), `7`},
		{wrapperspb.UInt64(math.MaxUint64), `18446744073709551615`},
		{wrapperspb.String(`a "b"`), `"a \"b\""`},
		{wrapperspb.Float(float32(math.NaN())), "NaN is not a number"},
		{wrapperspb.Double(math.Inf(-1)), "-Inf is not a number"},
		{wrapperspb.Bytes([]byte("x")), "is a google.protobuf.BytesValue: a text, a number or true or false is wanted"},
		{durationpb.New(1), "is a google.protobuf.Duration: a text, a number or true or false is wanted"},
		{&anypb.Any{TypeUrl: "type.googleapis.com/google.protobuf.FloatValue", Value: []byte("\xff")}, `is no value of type "type.googleapis.com/google.protobuf.FloatValue": `},
		{&anypb.Any{TypeUrl: "nonsense"}, `is no value of type "nonsense": `},
		{(*anypb.Any)(nil), "has no value"},
	} {
		a, isAny := c.in.(*anypb.Any)
		if !isAny {
			var err error
			if a, err = anypb.New(c.in.(proto.Message)); err != nil {
				t.Fatal(err)
			}
		}
		v, err := plain(a)
		if err != nil {
			if !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("%v: %v, want %s", c.in, err, c.want)
			}
			continue
		}
		if got, _ := json.Marshal(v); string(got) != c.want {
			t.Errorf("%v = %s, want %s", c.in, got, c.want)
		}
	}
}

// boiler is the device of the reference and its model, as edgecore sends them.
func boiler(t testing.TB) (*pb.Device, *pb.DeviceModel) {
	t.Helper()
	number := func(base string) *anypb.Any { return anyOf(t, "FloatValue", base) }
	custom := func(data map[string]*anypb.Any) *pb.CustomizedValue { return &pb.CustomizedValue{Data: data} }
	device := &pb.Device{Name: "boiler-1", Namespace: "default", Status: &pb.DeviceStatus{}, Spec: &pb.DeviceSpec{
		DeviceModelReference: "boiler-model",
		Protocol: &pb.ProtocolConfig{ProtocolName: "modbus", ConfigData: custom(map[string]*anypb.Any{
			"communicateMode": anyOf(t, "StringValue", "CgNUQ1A="), "ip": anyOf(t, "StringValue", base64.StdEncoding.EncodeToString([]byte("\n\x0810.0.0.5"))),
			"port": number("DQDAu0Q="), "slaveID": number("DQAAgD8="),
		})},
		Properties: []*pb.DeviceProperty{
			{Name: "temperature", CollectCycle: 10000, ReportCycle: 60000, ReportToCloud: true,
				Visitors: &pb.VisitorConfig{ProtocolName: "modbus", ConfigData: custom(map[string]*anypb.Any{
					"register": anyOf(t, "StringValue", base64.StdEncoding.EncodeToString([]byte("\n\x0fHoldingRegister"))),
					"offset":   number(""), "limit": number("DQAAAEA="), "scale": number("DQAAgD8="),
					"isRegisterSwap": anyOf(t, "BoolValue", "CAE="),
				})},
				PushMethod: &pb.PushMethod{Mqtt: &pb.PushMethodMQTT{Address: "tcp://127.0.0.1:1883", Topic: "boiler/temp", Qos: 1}}},
			{Name: "threshold", CollectCycle: 1000, Desired: &pb.TwinProperty{Value: "80", Metadata: map[string]string{"type": "int"}},
				Visitors: &pb.VisitorConfig{ProtocolName: "modbus", ConfigData: custom(map[string]*anypb.Any{
					"register": anyOf(t, "StringValue", base64.StdEncoding.EncodeToString([]byte("\n\x0fHoldingRegister"))),
					"offset":   number("DQAAIEE="), "limit": number("DQAAgD8="),
				})}},
		},
	}}
	model := &pb.DeviceModel{Name: "boiler-model", Namespace: "default", Spec: &pb.DeviceModelSpec{Properties: []*pb.ModelProperty{
		{Name: "temperature", Description: "water temp", Type: "FLOAT", AccessMode: "ReadOnly", Minimum: "0", Maximum: "150", Unit: "Celsius"},
		{Name: "threshold", Type: "INT", AccessMode: "ReadWrite"},
	}}}
	return device, model
}

// boilerYAML is the same as a file.
const boilerYAML = `
apiVersion: devices.kubeedge.io/v1beta1
kind: DeviceModel
metadata: {name: boiler-model, namespace: default}
spec:
  properties:
  - {name: temperature, description: water temp, type: FLOAT, accessMode: ReadOnly, minimum: "0", maximum: "150", unit: Celsius}
  - {name: threshold, type: INT, accessMode: ReadWrite}
---
apiVersion: devices.kubeedge.io/v1beta1
kind: Device
metadata: {name: boiler-1, namespace: default}
spec:
  deviceModelRef: {name: boiler-model}
  protocol: {protocolName: modbus, configData: {communicateMode: TCP, ip: 10.0.0.5, port: 1502, slaveID: 1}}
  properties:
  - name: temperature
    collectCycle: 10000
    reportCycle: 60000
    reportToCloud: true
    visitors: {protocolName: modbus, configData: {register: HoldingRegister, offset: 0, limit: 2, scale: 1, isRegisterSwap: true}}
    pushMethod: {mqtt: {address: "tcp://127.0.0.1:1883", topic: boiler/temp, qos: 1}}
  - name: threshold
    collectCycle: 1000
    desired: {value: "80", metadata: {type: int}}
    visitors: {protocolName: modbus, configData: {register: HoldingRegister, offset: 10, limit: 1}}
`

// A device that comes over DMI becomes what it becomes from a file.
func TestDeviceOfDMIIsThatOfTheFile(t *testing.T) {
	v, err := newVersion(ID{"default", "boiler-1"}, first(boiler(t)), second(boiler(t)))
	if err != nil {
		t.Fatal(err)
	}
	if want := []Desired{{"threshold", "80", map[string]string{"type": "int"}}}; !cmp.Equal(v.device.Desired, want) {
		t.Errorf("desired %v, want %v", v.device.Desired, want)
	}
	file, findings := kubeedge.Read(kubeedge.File{Name: "boiler.yaml", Data: []byte(boilerYAML)})
	if findings.Errors() != nil {
		t.Fatal(findings)
	}
	options := kubeedge.Options{Choices: kubeedge.Choices{CycleUnit: kubeedge.Milliseconds}, OwnProfiles: true}
	want, findings := kubeedge.Convert(file, options)
	if findings.Errors() != nil {
		t.Fatal(findings)
	}
	got, findings := v.device.Convert(kubeedge.Options{Choices: options.Choices})
	if findings.Errors() != nil {
		t.Fatal(findings)
	}
	if diff := cmp.Diff(asJSON(t, want), asJSON(t, got)); diff != "" {
		t.Errorf("from the file -, over DMI +:\n%s", diff)
	}
	if len(got.Profiles) != 1 || got.Profiles[0].Name != "boiler-model--boiler-1" || len(got.Rules) == 0 || len(got.Desired) != 1 || len(got.Reported) != 1 {
		t.Errorf("profiles %v, rules %v, desired %v, reported %v", got.Profiles, got.Rules, got.Desired, got.Reported)
	}
}

func first[A, B any](a A, _ B) A  { return a }
func second[A, B any](_ A, b B) B { return b }

func asJSON(t *testing.T, v any) any {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// Every pushMethod, method and cycle has the names of the objects, so that none
// of them is unknown.
func TestAllOfADeviceIsKnown(t *testing.T) {
	device, model := boiler(t)
	device.Spec.Properties[0].PushMethod = &pb.PushMethod{
		Http: &pb.PushMethodHTTP{Hostname: "http://10.0.0.9", Port: 8080, Requestpath: "/in", Timeout: 5},
		Mqtt: &pb.PushMethodMQTT{Address: "tcp://10.0.0.9:1883", Topic: "t", Qos: 2, Retained: true},
		Otel: &pb.PushMethodOTEL{EndpointURL: "http://10.0.0.9:4318"},
		DbMethod: &pb.DBMethod{
			Influxdb2: &pb.DBMethodInfluxdb2{
				Influxdb2ClientConfig: &pb.Influxdb2ClientConfig{Url: "http://10.0.0.9:8086", Org: "o", Bucket: "b"},
				Influxdb2DataConfig:   &pb.Influxdb2DataConfig{Measurement: "m", Tag: map[string]string{"site": "a"}, FieldKey: "f"},
			},
			Redis:    &pb.DBMethodRedis{RedisClientConfig: &pb.RedisClientConfig{Addr: "10.0.0.9:6379", Db: 1, Poolsize: 2, MinIdleConns: 3}},
			Tdengine: &pb.DBMethodTDEngine{TdEngineClientConfig: &pb.TDEngineClientConfig{Addr: "10.0.0.9:6041", Dbname: "d"}},
			Mysql:    &pb.DBMethodMySQL{MysqlClientConfig: &pb.MySQLClientConfig{Addr: "10.0.0.9:3306", Database: "d", UserName: "u"}},
		},
	}
	device.Spec.Methods = []*pb.DeviceMethod{{Name: "set", Description: "sets", PropertyNames: []string{"threshold"}}}
	device.Status = &pb.DeviceStatus{ReportToCloud: true, ReportCycle: 3000}
	v, err := newVersion(ID{"default", "boiler-1"}, device, model)
	if err != nil {
		t.Fatal(err)
	}
	result, findings := v.device.Convert(kubeedge.Options{})
	for _, f := range findings {
		if f.Severity == kubeedge.Error || strings.Contains(f.Message, "unknown") || strings.Contains(f.Message, "missing") {
			t.Error(f)
		}
	}
	var actions []string
	for _, r := range result.Rules {
		for _, a := range r.Actions {
			for name := range a {
				actions = append(actions, name)
			}
		}
	}
	for _, want := range []string{"mqtt", "rest", "influx2", "redis", "sql"} {
		if !strings.Contains(fmt.Sprint(actions), want) {
			t.Errorf("no sink %s among %v", want, actions)
		}
	}
	if d := v.device.Set.Devices[0]; len(d.Methods) != 1 || d.StateReport["reportCycle"] != int64(3000) || d.Rest != nil {
		t.Errorf("methods %v, stateReport %v, rest %v", d.Methods, d.StateReport, d.Rest)
	}
}

// Edgecore sends an empty desired value and an empty visitor for a property
// that has none.
func TestEmptyIsNotThere(t *testing.T) {
	device, model := boiler(t)
	model.Spec.Properties = append(model.Spec.Properties, &pb.ModelProperty{Name: "bare", Type: "INT"})
	device.Spec.Properties = append(device.Spec.Properties, &pb.DeviceProperty{Name: "bare", Desired: &pb.TwinProperty{}, Visitors: &pb.VisitorConfig{}})
	device.Spec.Properties[0].Desired = &pb.TwinProperty{}
	v, err := newVersion(ID{"default", "boiler-1"}, device, model)
	if err != nil {
		t.Fatal(err)
	}
	settings := v.device.Set.Devices[0].Settings
	if settings[0].Desired != nil || settings[2].Desired != nil || settings[2].Visitor != nil || len(v.device.Desired) != 1 {
		t.Errorf("settings %+v, desired %v", settings, v.device.Desired)
	}
}
