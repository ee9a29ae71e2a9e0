package dmi

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	pb "github.com/kubeedge/api/apis/dmi/v1beta1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// client is a mapper's side of an edgecore.
func client(t *testing.T, core *Core) pb.DeviceManagerServiceClient {
	t.Helper()
	conn, err := grpc.NewClient("unix://"+core.socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return pb.NewDeviceManagerServiceClient(conn)
}

func running(t *testing.T) *Core {
	t.Helper()
	dir, err := os.MkdirTemp("", "core")
	if err != nil {
		t.Fatal(err)
	}
	core := New(filepath.Join(dir, "dmi.sock"))
	if err := core.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		core.Kill()
		_ = os.RemoveAll(dir)
	})
	return core
}

const objects = `
kind: DeviceModel
metadata: {name: m}
spec: {protocol: modbus, properties: [{name: t, type: FLOAT}]}
---
kind: Device
metadata: {name: d}
spec:
  deviceModelRef: {name: m}
  protocol: {protocolName: modbus, configData: {port: 1502, scale: 0.1, mode: TCP, on: true}}
  properties: [{name: t, collectCycle: 1000, desired: {value: "1"}, visitors: {protocolName: modbus, configData: {offset: 10}},
    pushMethod: {http: {hostName: h, requestPath: /p}, dbMethod: {TDEngine: {TDEngineClientConfig: {addr: a, dbName: n}}}}}]
`

// What the real edgecore 1.22.2 put on the wire for these values.
func TestMessagesAreEdgecores(t *testing.T) {
	core := running(t)
	if err := core.Apply(objects); err == nil || !strings.Contains(err.Error(), "fail to get dmi client of protocol modbus") {
		t.Errorf("without a mapper: %v", err)
	}
	list := core.list("modbus")
	if len(list.GetDeviceList()) != 1 || len(list.GetModelList()) != 1 {
		t.Fatalf("the list is %v", list)
	}
	spec := list.GetDeviceList()[0].GetSpec()
	for key, want := range map[string]string{"port": "\r\x00\xc0\xbb\x44", "scale": "\r\xcd\xcc\xcc\x3d", "mode": "\n\x03TCP", "on": "\x08\x01"} {
		if got := string(spec.GetProtocol().GetConfigData().GetData()[key].GetValue()); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	p := spec.GetProperties()[0]
	if p.GetVisitors().GetConfigData().GetData()["offset"].GetTypeUrl() != "type.googleapis.com/google.protobuf.FloatValue" || p.GetCollectCycle() != 1000 || p.GetDesired().GetValue() != "1" {
		t.Errorf("the property is %v", p)
	}
	if push := p.GetPushMethod(); push.GetHttp().GetHostname() != "h" || push.GetHttp().GetRequestpath() != "/p" || push.GetDbMethod().GetTdengine().GetTdEngineClientConfig().GetDbname() != "n" {
		t.Errorf("the pushMethod is %v", push)
	}
	if spec.GetDeviceModelReference() != "m" {
		t.Errorf("the model is %q", spec.GetDeviceModelReference())
	}
}

func TestBucketIsThatOfAllCalls(t *testing.T) {
	core := running(t)
	c := client(t, core)
	taken := 0
	for range 2 * Burst {
		_, err := c.ReportDeviceStatus(t.Context(), &pb.ReportDeviceStatusRequest{DeviceName: "d", ReportedDevice: &pb.DeviceStatus{Twins: []*pb.Twin{{}}}})
		if err == nil {
			taken++
		} else if !strings.Contains(err.Error(), "too many request") {
			t.Fatal(err)
		}
	}
	if n := core.Counts(); taken < Burst || n.Refused == 0 || n.Reports != taken || n.Crashes != taken {
		t.Errorf("%d taken, counted %+v", taken, n)
	}
	if _, err := c.MapperRegister(t.Context(), &pb.MapperRegisterRequest{Mapper: &pb.MapperInfo{Name: "m"}}); err == nil {
		t.Error("a registration is taken by an empty bucket, or without a protocol")
	}
}

func TestKilledEdgecoreKeepsItsObjects(t *testing.T) {
	core := running(t)
	_ = core.Apply(objects) // there is no mapper to hear of it
	c := client(t, core)
	core.Kill()
	if _, err := os.Lstat(core.socket); err != nil {
		t.Errorf("a kill leaves the socket: %v", err)
	}
	if _, err := c.MapperRegister(context.Background(), &pb.MapperRegisterRequest{Mapper: &pb.MapperInfo{Protocol: "modbus"}}); err == nil {
		t.Error("a killed edgecore answers")
	}
	if err := core.Restart(); err != nil {
		t.Fatal(err)
	}
	if err := core.Start(); err == nil {
		t.Error("two run on one socket")
	}
	list, err := client(t, core).MapperRegister(t.Context(), &pb.MapperRegisterRequest{WithData: true, Mapper: &pb.MapperInfo{Protocol: "modbus"}})
	if err != nil || len(list.GetDeviceList()) != 1 {
		t.Errorf("%v: %v", err, list)
	}
}
