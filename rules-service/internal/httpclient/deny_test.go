package httpclient

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestDenyList(t *testing.T) {
	list, err := ParseDenyList([]string{"169.254.0.0/16", " 10.1.2.3 ", "fd00::/8", "::ffff:192.168.0.0/112"})
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]bool{"169.254.169.254": true, "::ffff:169.254.1.1": true, "169.255.0.1": false,
		"10.1.2.3": true, "10.1.2.4": false, "fd00::1": true, "192.168.7.7": true, "fe80::1%eth0": false} {
		if got := list.denies(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: denied is %v", address, got)
		}
	}
	if _, err := ParseDenyList([]string{"metadata"}); err == nil || !strings.Contains(err.Error(), "such as 169.254.0.0/16") {
		t.Error(err)
	}
}

// Neither a name nor a redirect leads around the list; other addresses are free.
func TestDeniedAddressesAreNotReached(t *testing.T) {
	reached := 0
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached++ }))
	defer server.Close()
	byName := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	for _, url := range []string{server.URL, byName} {
		deny, err := ParseDenyList([]string{"127.0.0.0/8", "::1"})
		if err != nil {
			t.Fatal(err)
		}
		c := NewPool().Client(Settings{Timeout: time.Minute, Deny: deny})
		if _, err := c.Get(url); !errors.Is(err, ErrDenied) {
			t.Errorf("%s: %v", url, err)
		}
	}
	if reached > 0 {
		t.Error("a denied server was reached")
	}
	deny, err := ParseDenyList([]string{"10.0.0.0/8"})
	if err != nil {
		t.Fatal(err)
	}
	res, err := NewPool().Client(Settings{Timeout: time.Minute, Deny: deny}).Get(server.URL)
	if err != nil || reached != 1 {
		t.Fatal(err, reached)
	}
	_ = res.Body.Close()
}

// A redirect that keeps the method is followed, with the body; one that would
// make a GET of a POST is not.
func TestRedirects(t *testing.T) {
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Method+" "+r.URL.Path)
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/there", http.StatusPermanentRedirect)
		case "/seen":
			http.Redirect(w, r, "/login", http.StatusFound)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusTemporaryRedirect)
		}
	}))
	defer server.Close()
	c := NewPool().Client(Settings{Timeout: time.Minute})
	for path, want := range map[string]int{"/moved": 200, "/seen": 302} {
		res, err := c.Post(server.URL+path, "text/plain", strings.NewReader("x"))
		if err != nil || res.StatusCode != want {
			t.Fatal(path, res, err)
		}
		_ = res.Body.Close()
	}
	if text := strings.Join(got, ", "); strings.Contains(text, "/login") || !strings.Contains(text, "POST /there") {
		t.Error(text)
	}
	if _, err := c.Get(server.URL + "/round"); err == nil || !strings.Contains(err.Error(), "more than 10 times") {
		t.Error(err)
	}
}

func FuzzParseDenyList(f *testing.F) {
	for _, s := range []string{"10.0.0.0/8", "::1", "fe80::1%eth0", "1.2.3.4/33"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := ParseDenyList([]string{text})
		if err == nil && !list.denies(list[0].Addr()) {
			t.Errorf("%q does not deny %s", text, list[0].Addr())
		}
	})
}
