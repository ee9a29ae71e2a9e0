package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"sluice/rules-service/internal/apitest"
)

// Each script has a service with a core-metadata of its own.
func TestImportScripts(t *testing.T) {
	var plants sync.Map // by URL
	testscript.Run(t, testscript.Params{
		Dir: "testdata/devices",
		Setup: func(env *testscript.Env) error {
			s := apitest.StartBuiltin(t, t.TempDir(), "")
			plants.Store(s.URL, s.CoreMetadata())
			env.Setenv("SLUICE_SERVER", s.URL)
			env.Vars = append(env.Vars, raceAtExit)
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"execcode": func(ts *testscript.TestScript, _ bool, args []string) { execCode(ts, args[0], args[1:]) },
			// devices wants these at core-metadata.
			"devices": func(ts *testscript.TestScript, _ bool, args []string) {
				plant, _ := plants.Load(ts.Getenv("SLUICE_SERVER"))
				if _, names := plant.(*apitest.CoreMetadata).Names(); strings.Join(names, " ") != strings.Join(args, " ") {
					ts.Fatalf("core-metadata has the devices %q, want %q", names, args)
				}
			},
		},
		UpdateScripts: os.Getenv("UPDATE") != "",
	})
}

// following is "sluice import kubeedge --watch" on a folder, as a ConfigMap is
// mounted: its files are links, by way of a link to a folder that is replaced.
type following struct {
	t      *testing.T
	folder string
	out    lockedBuffer
	end    context.CancelFunc
	ended  chan error
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// mount makes the folder hold another content, in one step.
func (f *following) mount(version, content string) {
	f.t.Helper()
	data := filepath.Join(f.folder, ".."+version)
	next := filepath.Join(f.folder, "..next")
	file := filepath.Join(f.folder, "devices.yaml")
	for _, err := range []error{
		os.Mkdir(data, 0o755), os.WriteFile(filepath.Join(data, "devices.yaml"), []byte(content), 0o600),
		os.Symlink(filepath.Base(data), next), os.Rename(next, filepath.Join(f.folder, "..data")),
	} {
		if err != nil {
			f.t.Fatal(err)
		}
	}
	if _, err := os.Lstat(file); err != nil {
		if err := os.Symlink("..data/devices.yaml", file); err != nil {
			f.t.Fatal(err)
		}
	}
}

func follow(t *testing.T, folder, server string) *following {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	f := &following{t: t, folder: folder, end: cancel, ended: make(chan error, 1)}
	t.Cleanup(cancel)
	c := importKubeEdgeCmd{deviceImport: deviceImport{Files: []string{folder}}, CycleUnit: "ms", Watch: true, Every: 5 * time.Millisecond}
	go func() {
		f.ended <- c.Run(&session{ctx: ctx, in: strings.NewReader(""), out: &f.out, errs: &f.out, api: newClient(server, ""), form: "table"})
	}()
	return f
}

// shows waits for a text in the output.
func (f *following) shows(text string) {
	f.t.Helper()
	for deadline := time.Now().Add(patience); !strings.Contains(f.out.String(), text); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			f.t.Fatalf("%q is not in\n%s", text, f.out.String())
		}
	}
}

const followed = `apiVersion: devices.kubeedge.io/v1beta1
kind: DeviceModel
metadata: {name: pump}
spec: {properties: [{name: speed, type: INT, accessMode: ReadOnly}]}
---
apiVersion: devices.kubeedge.io/v1beta1
kind: Device
metadata: {name: pump-1}
spec:
  deviceModelRef: {name: pump}
  protocol: {protocolName: modbus, configData: {ip: 10.0.0.5, port: 502, slaveID: 1}}
  properties:
  - {name: speed, visitors: {protocolName: modbus, configData: {register: InputRegister, offset: 2, limit: 1}}}
`

func TestAMountedConfigMapIsFollowed(t *testing.T) {
	s := apitest.StartBuiltin(t, t.TempDir(), "")
	meta := s.CoreMetadata()
	f := &following{t: t, folder: t.TempDir()}
	f.mount("1", followed)
	f = follow(t, f.folder, s.URL)
	f.shows("applied: 2 created\n")
	f.mount("2", strings.Replace(followed, "port: 502", "port: 503", 1))
	f.shows(" the files have changed\n")
	f.shows("Device pump-1: updated\n  device pump-1: protocols.modbus-tcp.Port: 502 -> 503\n")
	f.mount("3", strings.Replace(followed, "{name: pump}\n  protocol", "{name: pumpe}\n  protocol", 1))
	f.shows("nothing was imported; errors: 1\n")
	meta.Writes()
	f.mount("4", followed)
	f.shows("Device pump-1: updated\n  device pump-1: protocols.modbus-tcp.Port: 503 -> 502\n")
	if n := meta.Writes(); n != 1 {
		t.Errorf("%d writes", n)
	}
	f.end()
	if err := <-f.ended; err != nil {
		t.Error(err)
	}
	if n := strings.Count(f.out.String(), "nothing was imported"); n != 1 {
		t.Errorf("the same error is told %d times", n)
	}
	if n := strings.Count(f.out.String(), "the files have changed"); n != 3 {
		t.Errorf("%d changes are told of 3", n)
	}
}

// What was refused is tried again without a change of the files.
func TestWhatWasRefusedIsTriedAgain(t *testing.T) {
	s := apitest.StartBuiltin(t, t.TempDir(), "")
	meta := s.CoreMetadata()
	var mu sync.Mutex
	refused := true
	meta.Refuse = func(string) string {
		mu.Lock()
		defer mu.Unlock()
		if refused {
			return "not now"
		}
		return ""
	}
	f := &following{t: t, folder: t.TempDir()}
	f.mount("1", followed)
	f = follow(t, f.folder, s.URL)
	f.shows("not now")
	mu.Lock()
	refused = false
	mu.Unlock()
	f.shows("applied: 2 created\n")
}

func TestNamesStayInTheirFolder(t *testing.T) {
	for name, want := range map[string]string{"a-1.yaml": "a-1.yaml", "../../x.yaml": "_._.._x.yaml", "a/b": "a_b", `c:\d`: "c__d", "": "", ".": "_", "名": "名"} {
		if got := fileName(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func FuzzFileName(f *testing.F) {
	f.Add("../../etc/passwd")
	f.Fuzz(func(t *testing.T, name string) {
		if got := fileName(name + "x"); filepath.Dir(filepath.Join("out", got)) != "out" {
			t.Fatalf("%q leaves its folder", got)
		}
	})
}

// The same content has the same digest, and another one another.
func TestDigest(t *testing.T) {
	a := []manifest{{"a", "b"}, {"c", "d"}}
	if digest(a) != digest([]manifest{{"a", "b"}, {"c", "d"}}) || digest(a) == digest([]manifest{{"ab", ""}, {"c", "d"}}) {
		t.Error("digests are not those of the contents")
	}
}
