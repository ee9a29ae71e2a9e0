package api_test

import (
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Who asks for the list again and again does not make the service connect
// again and again, not to a server that says nothing either.
func TestListsDoNotFloodASilentServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var attempts atomic.Int32
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			attempts.Add(1)
			defer c.Close()
		}
	}()
	b := real(t)
	b.want("POST", "/connections", fmt.Sprintf(`{"id":"c1","typ":"mqtt","props":{"server":"tcp://%s","timeout":"1h"}}`, l.Addr()), 201, "success")
	list := func() string {
		var c shownConnection
		b.get("/connections/c1", &c)
		return c.Status
	}
	if status := list(); status != "connecting" || attempts.Load() == 0 {
		t.Fatalf("%s after %d attempts", status, attempts.Load())
	}
	first, found := attempts.Load(), time.Now()
	for range 3 {
		if status := list(); status != "connecting" {
			t.Error(status)
		}
		if now := attempts.Load(); now != first && time.Since(found) < 8*time.Second { // then it may ask again
			t.Fatalf("%d attempts for one list, %d for the next", first, now-first)
		}
	}
}

// Of many who create a connection at once, one succeeds.
func TestConnectionIsCreatedOnce(t *testing.T) {
	b := real(t)
	var created atomic.Int32
	var work sync.WaitGroup
	for i := range 16 {
		work.Go(func() {
			status, _, _ := b.Call(t, "POST", "/connections", fmt.Sprintf(`{"id":"c1","typ":"mqtt","props":{"server":"tcp://127.0.0.1:%d"}}`, i+1))
			if status == 201 {
				created.Add(1)
			}
		})
	}
	work.Wait()
	if created.Load() != 1 {
		t.Errorf("it was created %d times", created.Load())
	}
}

// A change that is refused takes back itself alone, and not another one that
// has come at the same time.
func TestRefusedChangeTakesBackItselfAlone(t *testing.T) {
	b := real(t)
	b.want("POST", "/streams", sql(`CREATE STREAM plant () WITH (DATASOURCE="p", TYPE="test", FORMAT="json")`), 201, "Stream plant is created.")
	good := func(i int) string { return fmt.Sprintf(`{"url":"http://127.0.0.1:%d"}`, i) }
	b.want("PUT", "/metadata/sinks/rest/confKeys/k1", good(9), 200, "")
	b.want("POST", "/rules", `{"id":"r","sql":"SELECT * FROM plant","actions":[{"rest":{"resourceId":"k1"}}]}`, 201, "Rule r was created successfully.")
	for i := range 50 {
		var work sync.WaitGroup
		for range 3 {
			work.Go(func() {
				if status, text, _ := b.Call(t, "PUT", "/metadata/sinks/rest/confKeys/k1", `{"method":"PUT"}`); status != 400 {
					t.Errorf("%d %s", status, text)
				}
			})
		}
		b.want("PUT", "/metadata/sinks/rest/confKeys/k1", good(i+10), 200, "")
		work.Wait()
		b.want("GET", "/metadata/sinks/yaml/rest", "", 200, `{"k1":`+good(i+10)+"}\n")
		if t.Failed() {
			return
		}
	}
}
