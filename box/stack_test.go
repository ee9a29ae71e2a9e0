//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sluice/tests/servers"
)

// The test binary is also each service, under the service's name: it serves
// what the box asks a service for.
func TestMain(m *testing.M) {
	name := filepath.Base(os.Args[0])
	if name != "device-modbus" && name != "device-opcua" && name != "rules-service" {
		os.Exit(m.Run())
	}
	if err := beService(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func beService() error {
	stop := make(chan os.Signal, 1) // it may come as soon as the box knows of the service
	signal.Notify(stop, syscall.SIGTERM)
	var conf struct {
		Service struct {
			Port int `yaml:"Port"`
		} `yaml:"Service"`
		Rules struct {
			Port int `yaml:"Port"`
		} `yaml:"Rules"`
	}
	commonFile := ""
	for _, a := range os.Args[1:] {
		if file, found := strings.CutPrefix(a, "-cc="); found {
			commonFile = file
		}
		if dir, found := strings.CutPrefix(a, "-cd="); found {
			if err := loadYAML(filepath.Join(dir, "configuration.yaml"), &conf); err != nil {
				return err
			}
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v3/ping", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /ping", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /streams", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "[]") })
	mux.HandleFunc("GET /rules", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "[]") })
	mux.HandleFunc("POST /", func(http.ResponseWriter, *http.Request) { fmt.Println("level=WARN created") })
	for _, port := range []int{conf.Service.Port, conf.Rules.Port} {
		if port != 0 {
			go func() { _ = http.ListenAndServe(address(port), mux) }()
		}
	}
	if conf.Rules.Port == 0 { // a device service
		if err := registerService(filepath.Base(os.Args[0]), commonFile); err != nil {
			return err
		}
	}
	<-stop
	fmt.Println("bye")
	return nil
}

// registerService tells core-metadata of a device service, as the SDK does at
// each start.
func registerService(name, commonFile string) error {
	var conf struct {
		Devices struct {
			Clients map[string]struct {
				Port int `yaml:"Port"`
			} `yaml:"Clients"`
		} `yaml:"device-services"`
	}
	if err := loadYAML(commonFile, &conf); err != nil {
		return err
	}
	body := []tree{{"apiVersion": "v3", "service": tree{"name": name, "baseAddress": "http://127.0.0.1:1", "adminState": "UNLOCKED"}}}
	url := "http://" + address(conf.Devices.Clients["core-metadata"].Port) + "/api/v3/deviceservice"
	for _, method := range []string{http.MethodPost, http.MethodPatch} { // the second counts at a second start
		if _, err := exchange(context.Background(), method, url, body, &[]tree{}); err != nil {
			return err
		}
	}
	return nil
}

// patience is far above what anything takes on a slow machine.
const patience = 2 * time.Minute

// screen is a console's output that can be read while it is written.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func (s *screen) await(t *testing.T, want string) {
	t.Helper()
	s.awaitCount(t, want, 1)
}

// awaitCount waits until a text has come so often: what the box itself prints
// may overtake what its services printed before.
func (s *screen) awaitCount(t *testing.T, want string, count int) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if strings.Count(s.String(), want) >= count {
			return
		}
	}
	t.Fatalf("no %d %q in\n%s", count, want, s)
}

// testFlags has services that are this test binary, and free ports.
func testFlags(t *testing.T) flags {
	t.Helper()
	bin := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"--bin", bin, "--data", t.TempDir()}
	for _, name := range []string{"device-modbus", "device-opcua", "rules-service"} {
		if err := os.Symlink(self, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"bus", "cloud", "metadata", "modbus", "opcua", "rules-sdk", "rules", "modbus-sim", "opcua-sim", "receiver"} {
		args = append(args, fmt.Sprintf("--%s-port=%d", name, servers.FreePort(t)))
	}
	return parse(t, args...)
}

func TestStackStartsShowsAlarmsAndEnds(t *testing.T) {
	f := testFlags(t)
	out := &screen{}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, f, &console{out: out}) }()
	out.await(t, "Alarms (Ctrl-C ends the box):")
	out.awaitCount(t, "rules-service  level=WARN created", 5)

	var metadata struct{ ServiceName string }
	if _, err := exchange(ctx, http.MethodGet, "http://"+address(f.MetadataPort)+"/api/v3/ping", nil, &metadata); err != nil || metadata.ServiceName != "core-metadata" {
		t.Errorf("metadata: %+v, %v", metadata, err)
	}
	message := tree{"msgtype": "text", "text": tree{"content": "device: boiler-1\ntoo hot"}}
	var answer struct{ ErrCode int }
	if _, err := exchange(ctx, http.MethodPost, "http://"+address(f.ReceiverPort)+"/wecom/cgi-bin/webhook/send?key="+wecomKey, message, &answer); err != nil || answer.ErrCode != 0 {
		t.Errorf("robot: %+v, %v", answer, err)
	}
	out.await(t, "  wecom  boiler-1    too hot\n")

	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("end: %v", err)
		}
	case <-time.After(patience):
		t.Fatalf("the box does not end:\n%s", out)
	}
	if got := strings.Count(out.String(), "  bye\n"); got != 3 {
		t.Errorf("%d services ended in order:\n%s", got, out)
	}
	if got := strings.Count(out.String(), "rules-service  level=WARN created"); got != 7 {
		t.Errorf("%d samples were applied, want 7:\n%s", got, out)
	}
	if strings.Contains(out.String(), "level=ERROR") {
		t.Errorf("errors:\n%s", out)
	}
	// All is free again for the next start, and the data fit it.
	ctx, cancel = context.WithCancel(context.Background())
	again := &screen{}
	go func() { ended <- serve(ctx, f, &console{out: again}) }()
	again.await(t, "Alarms (Ctrl-C ends the box):")
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("second end: %v", err)
	}
}

func TestCtrlCWhileStarting(t *testing.T) {
	f := testFlags(t)
	// A service that never answers: its program is one that only waits.
	if err := os.Remove(filepath.Join(f.Bin, "device-modbus")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(f.Bin, "device-modbus"), []byte("#!/bin/sh\necho waiting\nexec sleep 1000\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	out := &screen{}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, f, &console{out: out}) }()
	out.await(t, "device-modbus  waiting")
	cancel()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("end: %v", err)
		}
	case <-time.After(patience):
		t.Fatalf("the box does not end:\n%s", out)
	}
}
