package metadata

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
)

// counted counts how often the file of a site is written from now on.
func (s *site) counted() *atomic.Int64 {
	var n atomic.Int64
	s.server.store.replace = func(path string, text []byte) error {
		n.Add(1)
		return replaceFile(path, text)
	}
	return &n
}

func names(n int) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprintf("D%d", i))
	}
	return list
}

func patchRequest(names []string, fields string) string {
	var items []string
	for _, n := range names {
		items = append(items, fmt.Sprintf(`{"apiVersion":"v3","device":{"name":%q,%s}}`, n, fields))
	}
	return "[" + strings.Join(items, ",") + "]"
}

// A request writes the file once, however much it changes, and not at all when
// nothing of it is taken. All it changes is told, be it more than changes may
// wait.
func TestARequestWritesTheFileOnce(t *testing.T) {
	s := newSite(t)
	s.fill()
	written := s.counted()
	many := names(eventQueue + 10)
	for i, step := range []struct{ method, path, body, event string }{
		{"POST", "device", deviceRequest(many...), "device/add/ds/P"},
		{"PATCH", "device", patchRequest(many, `"description":"x"`), "device/update/ds/P"},
	} {
		if text := s.expect(step.method, step.path, step.body, 207); strings.Count(text, `"statusCode":20`) != len(many) {
			t.Errorf("%s: %s", step.method, text[:500])
		}
		for range many {
			s.event(step.event)
		}
		if n := written.Load(); n != int64(i+1) {
			t.Errorf("%s: the file was written %d times", step.method, n-int64(i))
		}
	}
	written.Store(0)
	s.expect("POST", "device", deviceRequest(many...), 207, `"statusCode":409`)
	s.expect("PATCH", "device", patchRequest([]string{"none"}, `"description":"x"`), 207, `"statusCode":404`)
	s.expect("POST", "deviceprofile", profile, 207, `"statusCode":409`)
	if n := written.Load(); n != 0 {
		t.Errorf("the file was written %d times for nothing", n)
	}
}

// Each patch of a body has those before it in it, unless they are refused.
func TestPatchesOfOneDeviceInOneBody(t *testing.T) {
	s := newSiteWith(t, patience, func(d dtos.Device) error {
		if d.Description == "far" {
			return errors.New("that is too far")
		}
		return nil
	})
	s.fill()
	s.expect("POST", "device", deviceRequest("D1"), 207, `"statusCode":201`)
	s.event("device/add/ds/P")
	body := `[{"apiVersion":"v3","device":{"name":"D1","labels":["new"]}},{"apiVersion":"v3","device":{"name":"D1","description":"far"}},
	 {"apiVersion":"v3","device":{"name":"D1","adminState":"LOCKED"}},{"apiVersion":"v3","device":{"name":"D2","adminState":"LOCKED"}}]`
	text := s.expect("PATCH", "device", body, 207, "that is too far", `"statusCode":404`)
	if strings.Count(text, "that is too far") != 1 || strings.Count(text, `"statusCode":200`) != 2 {
		t.Error(text)
	}
	got := s.expect("GET", "device/name/D1", "", 200, `"labels":["new"]`, `"adminState":"LOCKED"`)
	if strings.Contains(got, "far") {
		t.Error(got)
	}
}

// Changes that come while one is written are written together, each with its
// own error and its own news.
func TestChangesAreWrittenTogether(t *testing.T) {
	s, err := openStore(filepath.Join(t.TempDir(), "metadata.json"))
	if err != nil {
		t.Fatal(err)
	}
	writing, goOn := make(chan struct{}), make(chan struct{})
	written, full := 0, false
	s.replace = func(path string, text []byte) error {
		if written++; written == 1 {
			close(writing)
			<-goOn
		}
		if full {
			return errors.New("the disk is full")
		}
		return replaceFile(path, text)
	}
	var told sync.Map
	add := func(name string, refusal error) error {
		return s.change(func(all *tables) error {
			all.tell(news{owner: name})
			all.Services[name] = dtos.DeviceService{Name: name}
			return refusal
		}, func(all []news) { told.Store(all[0].owner, len(all)) })
	}
	var callers sync.WaitGroup
	callers.Go(func() {
		if err := add("first", nil); err != nil {
			t.Error(err)
		}
	})
	<-writing
	no := errors.New("no")
	for i := range 8 {
		callers.Go(func() {
			var refusal error
			if i == 3 {
				refusal = no
			}
			if err := add(fmt.Sprint(i), refusal); !errors.Is(err, refusal) {
				t.Errorf("change %d: %v", i, err)
			}
		})
	}
	for waiting := 0; waiting < 8; { // each before it waits for its turn
		s.waiting.mu.Lock()
		waiting = len(s.waiting.list)
		s.waiting.mu.Unlock()
	}
	close(goOn)
	callers.Wait()
	if _, wrong := told.Load("3"); written != 2 || len(s.view().Services) != 8 || wrong {
		t.Errorf("written %d times, %d services, told of what was refused: %t", written, len(s.view().Services), wrong)
	}
	full = true
	if err := add("late", nil); err == nil || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("%v", err)
	}
	if _, wrong := told.Load("late"); wrong || len(s.view().Services) != 8 {
		t.Errorf("%d services, told %t", len(s.view().Services), wrong)
	}
}

func BenchmarkPatchThousand(b *testing.B) {
	s := newSite(b)
	s.fill()
	go func() { // ends with the process: nobody closes the channel
		for range s.events {
		}
	}()
	all := names(1000)
	s.expect("POST", "device", deviceRequest(all...), 207)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s.expect("PATCH", "device", patchRequest(all, fmt.Sprintf(`"description":"%d"`, i)), 207, `"statusCode":200`)
	}
}

// The file has what the tables have, after each change.
func TestFileIsWhatTheTablesAre(t *testing.T) {
	s := newSite(t)
	compare := func() {
		t.Helper()
		again, err := openStore(s.file)
		if err != nil {
			t.Fatal(err)
		}
		want, err := json.Marshal(s.server.store.view())
		if err != nil {
			t.Fatal(err)
		}
		got, err := json.Marshal(again.view())
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%v: the file has\n%s\nthe tables are\n%s", err, got, want)
		}
	}
	s.fill()
	compare()
	all := append(names(3), `a "quoted" <name>`)
	s.expect("POST", "device", deviceRequest(all[:3]...), 207)
	s.expect("POST", "device", strings.ReplaceAll(deviceRequest("quoted"), `"quoted"`, `"a \"quoted\" <name>"`), 207, `"statusCode":201`)
	compare()
	s.expect("PATCH", "device", patchRequest(all[1:], `"tags":{"site":"<b>"},"autoEvents":[]`), 207, `"statusCode":200`)
	compare()
	s.expect("PATCH", "device", patchRequest(all[1:2], `"protocols":{"x":{"Address":"z"}}`), 207, `"statusCode":200`)
	s.expect("PUT", "deviceprofile", strings.Replace(profile, "B1", "B2", 1), 207, `"statusCode":200`)
	compare()
	s.expect("DELETE", "device/name/D0", "", 200)
	s.expect("DELETE", "device/name/D1", "", 200)
	compare()
}
