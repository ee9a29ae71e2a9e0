package httpclient

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// inMemory is a transport without a network.
type inMemory struct{ h http.Handler }

func (m inMemory) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	m.h.ServeHTTP(w, r)
	return w.Result(), nil
}

func clientOf(f http.HandlerFunc) *http.Client { return &http.Client{Transport: inMemory{f}} }

// A tenth of its life before it ends, at most 30 s, a token is fetched anew.
func TestGrantIsRenewedBeforeItEnds(t *testing.T) {
	for life, margin := range map[int]time.Duration{100: 10 * time.Second, 3600: 30 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			s := newSession(OAuth{Access: TokenRequest{Name: "access", URL: "http://h/token"}, Expire: "{{.expires_in}}"},
				clientOf(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, `{"token":"t","expires_in":%d}`, life) }))
			number := func() int {
				g, err := s.Grant(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				return g.Number
			}
			if number() != 1 {
				t.Error("there is no token")
			}
			time.Sleep(time.Duration(life)*time.Second - margin - time.Nanosecond)
			if number() != 1 {
				t.Error("it is fetched early")
			}
			time.Sleep(time.Nanosecond)
			if number() != 2 {
				t.Error("it is not fetched in time")
			}
		})
	}
}

// Templates find fields below others, as some servers answer them.
func TestRefreshTakesFieldsOfTheAnswer(t *testing.T) {
	var log []string
	s := newSession(OAuth{
		Access:  TokenRequest{Name: "access", URL: "http://h/token", Body: "me"},
		Refresh: TokenRequest{Name: "refresh", URL: "http://h/next", Headers: map[string]string{"Identity": "{{.data.identityId}}"}},
	}, clientOf(func(w http.ResponseWriter, r *http.Request) {
		log = append(log, r.URL.Path+" "+r.Header.Get("Identity"))
		fmt.Fprint(w, `{"data":{"identityId":"id-1","token":"abcdefgh"}}`)
	}))
	g, err := s.Grant(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if g, err = s.Renew(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(log, ", "); got != "/token , /next id-1" {
		t.Error(got)
	}
	if got := g.Hide("it was abcdefgh"); got != "it was <secret>" {
		t.Error(got)
	}
}

func TestSessionsEndWithTheirUsers(t *testing.T) {
	list := &Sessions{}
	acquire := func(password, connection string) *Session {
		return list.Acquire(OAuth{Access: TokenRequest{URL: "http://h/token", Body: password}}, nil, connection)
	}
	a, b, other, far := acquire("x", ""), acquire("x", ""), acquire("y", ""), acquire("x", "tls")
	if a != b || a == other || a == far {
		t.Error("sessions are not shared by what they ask for")
	}
	for _, s := range []*Session{a, other, b, far} {
		list.Release(s)
	}
	if len(list.open) > 0 {
		t.Error("a session is kept")
	}
}

func TestGrantText(t *testing.T) {
	g := Grant{Fields: map[string]any{"token": "a", "n": json.Number("3600"), "b": true, "o": map[string]any{}, "nothing": nil}}
	for name, want := range map[string]string{"token": "a", "n": "3600", "b": "true", "o": "", "nothing": "", "x": ""} {
		if got, ok := g.Text(name); got != want || ok != (want != "") {
			t.Errorf("%s: %q, %t", name, got, ok)
		}
	}
	if got := (Grant{Fields: map[string]any{"token": "longsecret", "expires_in": "3600"}}).Hide("longsecret at 3600"); got != "<secret> at 3600" {
		t.Error(got)
	}
}

// No answer of a server brings a session down.
func FuzzGrant(f *testing.F) {
	f.Add(`{"token":"t","expires_in":7}`, "{{.expires_in}}")
	f.Add(`[{"data":{"token":"t"}}]`, "{{.data.token}}")
	f.Add(`{"a":null}`, "{{.a}}{{range .a}}{{end}}")
	f.Fuzz(func(t *testing.T, answer, expire string) {
		o := OAuth{Access: TokenRequest{Name: "access", URL: "http://h/token"}, Expire: expire}
		if o.Check() != nil {
			return
		}
		s := newSession(o, clientOf(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, answer) }))
		if g, err := s.Grant(t.Context()); err == nil && g.Fields == nil {
			t.Error("a token without fields")
		}
	})
}
