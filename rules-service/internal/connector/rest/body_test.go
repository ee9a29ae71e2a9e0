package rest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
)

// request is what a server got.
type request struct {
	header http.Header
	body   []byte
	peer   string
}

func recorder(t *testing.T, answer string) (url string, last *request) {
	last = &request{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		last.body, _ = io.ReadAll(r.Body)
		last.header, last.peer = r.Header, r.RemoteAddr
		fmt.Fprint(w, answer)
	}))
	t.Cleanup(server.Close)
	return server.URL, last
}

func TestMultipart(t *testing.T) {
	url, got := recorder(t, "")
	s, c := open(t, map[string]any{"url": url, "bodyType": "formdata", "fileFieldName": "media",
		"formData": map[string]any{"device": "{{.device}}", "kind": "alarm"}})
	if c.Templates["formData.device"] != "{{.device}}" {
		t.Fatal(c.Templates)
	}
	m := connector.Outbound{Payload: []byte(`{"a":1}`), Values: map[string]string{"formData.device": `b"1`}}
	if err := s.Write(t.Context(), []connector.Outbound{m}); err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(got.header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		t.Fatal(kind, err)
	}
	form, err := multipart.NewReader(bytes.NewReader(got.body), params["boundary"]).ReadForm(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	file, err := form.File["media"][0].Open()
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(file)
	if err != nil || string(content) != `{"a":1}` {
		t.Errorf("%s, %v", content, err)
	}
	if form.Value["device"][0] != `b"1` || form.Value["kind"][0] != "alarm" {
		t.Error(form.Value)
	}
}

func TestCompression(t *testing.T) {
	readers := map[string]func(io.Reader) ([]byte, error){
		"gzip": func(in io.Reader) ([]byte, error) {
			r, err := gzip.NewReader(in)
			if err != nil {
				return nil, err
			}
			return io.ReadAll(r)
		},
		"zstd": func(in io.Reader) ([]byte, error) {
			r, err := zstd.NewReader(in)
			if err != nil {
				return nil, err
			}
			defer r.Close()
			return io.ReadAll(r)
		},
	}
	for kind, read := range readers {
		url, got := recorder(t, "")
		s, _ := open(t, map[string]any{"url": url, "compression": kind})
		for i := range 3 { // the compressor is used again
			want := strings.Repeat(fmt.Sprint("payload ", i, " "), 100)
			if err := s.Write(t.Context(), []connector.Outbound{{Payload: []byte(want)}}); err != nil {
				t.Fatal(err)
			}
			if text, err := read(bytes.NewReader(got.body)); err != nil || string(text) != want || len(got.body) >= len(want) {
				t.Errorf("%s: %d bytes, %v", kind, len(got.body), err)
			}
			if got.header.Get("Content-Encoding") != kind || got.header.Get("Content-Type") != "application/json" {
				t.Error(got.header)
			}
		}
	}
	url, got := recorder(t, "")
	s, _ := open(t, map[string]any{"url": url, "compression": "gzip", "method": "GET"})
	if err := s.Write(t.Context(), []connector.Outbound{{Payload: []byte("x")}}); err != nil || got.header.Get("Content-Encoding") != "" || len(got.body) > 0 {
		t.Errorf("GET sends a body: %v, %v", got, err)
	}
}

// The connection is used again, whatever is answered; answers are not read
// without bound.
func TestConnectionIsKept(t *testing.T) {
	for name, size := range map[string]int{"short": 10, "longer than what is read": answerRead + answerDrained/2} {
		url, got := recorder(t, strings.Repeat("x", size))
		s, _ := open(t, map[string]any{"url": url})
		peers := map[string]bool{}
		for range 5 {
			if err := s.Write(t.Context(), []connector.Outbound{{}}); err != nil {
				t.Fatal(err)
			}
			peers[got.peer] = true
		}
		if len(peers) != 1 {
			t.Errorf("%s: %d connections for 5 messages", name, len(peers))
		}
	}
}

func TestForm(t *testing.T) {
	for in, want := range map[string]string{
		`{"b":"x y","a":1.5}`: "a=1.5&b=x+y",
		`[{"a":true}]`:        "a=true",
		"a=1&b=2":             "a=1&b=2",
		`[{"a":1},{"a":2}]`:   "error: bodyType form wants one row; set sendSingle",
	} {
		got, err := formOf([]byte(in))
		if err != nil {
			got = []byte("error: " + err.Error())
		}
		if string(got) != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	r := connector.NewRegistry()
	Register(r)
	info, err := r.Sink("rest")
	if err != nil {
		t.Fatal(err)
	}
	for want, props := range map[string]map[string]any{
		`property "fileFieldName" is missing: bodyType formdata`:             {"bodyType": "formdata"},
		`property "compression": there are gzip and zstd, not "zlib"`:        {"compression": "zlib"},
		`property "method": "PSOT" is not supported`:                         {"method": "psot"},
		`property "denyAddresses": "metadata" is neither`:                    {"denyAddresses": "metadata"},
		`property "success"[0]: give status, path or both`:                   {"success": map[string]any{}},
		`property "success"[0]: equals and in want a path`:                   {"success": map[string]any{"status": 1.0, "equals": 2.0}},
		`property "refreshOn"[0]: give either equals or in`:                  {"refreshOn": map[string]any{"path": "x"}},
		`property "headers.A": the token .token can only stand by itself`:    {"headers": map[string]any{"A": "{{json .token}}"}, "oauth": map[string]any{"access": map[string]any{"url": "http://h"}}},
		`property "dataTemplate": the token .token can only stand by itself`: {"dataTemplate": "{{json .token}}", "oauth": map[string]any{"access": map[string]any{"url": "http://h"}}},
	} {
		props["url"] = "http://h"
		if _, err := info.Decode(props, connector.Env{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	for _, props := range []map[string]any{
		{"bodyType": "XML"}, {"method": "options"}, {"dataTemplate": "{{json .token}}"}, // a column, without oauth
		{"headers": `{"A": "b"}`},
	} {
		props["url"] = "http://h"
		if _, err := info.Decode(props, connector.Env{}); err != nil {
			t.Error(err)
		}
	}
}

func TestDeniedAddress(t *testing.T) {
	url, got := recorder(t, "")
	s, _ := open(t, map[string]any{"url": url, "denyAddresses": []any{"127.0.0.0/8"}})
	if got := class(s.Write(t.Context(), []connector.Outbound{{}})); !strings.HasPrefix(got, "permanent: ") || !strings.Contains(got, "address is on the deny list: 127.0.0.1") {
		t.Error(got)
	}
	if err := s.(connector.Pinger).Ping(t.Context()); !errors.Is(err, httpclient.ErrDenied) {
		t.Error("ping:", err)
	}
	if got.peer != "" {
		t.Error("the server was reached")
	}
}

// A redirect that would lose the message is an error, not a success.
func TestRedirectThatLosesTheBody(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/in" {
			http.Redirect(w, r, "/login?token=TOPSECRET", http.StatusFound)
		}
	}))
	defer server.Close()
	s, _ := open(t, map[string]any{"url": server.URL + "/in"})
	if got := class(s.Write(t.Context(), []connector.Outbound{{}})); got != "permanent: POST "+server.URL+"/in: 302 Found to /login?token=<secret>" {
		t.Error(got)
	}
}

// Conditions never panic, whatever a server answers.
func FuzzConditions(f *testing.F) {
	f.Add(`{"errcode":0}`, "errcode", 200)
	f.Add(`[{"a":[1,{"b":null}]}]`, "0.a.1.b", 404)
	f.Add(`{"":{"":1}}`, ".", 500)
	f.Fuzz(func(t *testing.T, body, path string, status int) {
		res := &http.Response{StatusCode: status, Header: http.Header{"Retry-After": {body}}}
		a := answerOf(res, []byte(body))
		for _, c := range []connector.Condition{{Path: path, Equals: body}, {Path: path, In: []any{1.0, nil, path}}, {Status: []int{status}}} {
			config := Config{Success: []connector.Condition{c}, ResponseType: "body"}
			if err := config.judge(a, io.EOF, httpclient.RetryAfter(res.Header)); err == nil && !a.Meets(&c) {
				t.Errorf("%+v is a success without being met", c)
			}
		}
	})
}
