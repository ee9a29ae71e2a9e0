package apitest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Rows are pulled from a server, and looked up there.
func TestRowsOfAServer(t *testing.T) {
	n := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if id, ok := strings.CutPrefix(r.URL.Path, "/machines/"); ok {
			fmt.Fprintf(w, `{"name":"machine %s"}`, id)
			return
		}
		n++
		fmt.Fprintf(w, `[{"id":%d},{"id":%d}]`, 2*n-1, 2*n)
	}))
	defer server.Close()
	p := newPlant(t, t.TempDir())
	p.define(`CREATE STREAM orders (id BIGINT) WITH (TYPE="httppull", DATASOURCE="/orders", FORMAT="json", EXTRA="{\"url\":\"`+server.URL+`\",\"interval\":\"5ms\"}")`,
		`CREATE TABLE machines () WITH (TYPE="httppull", DATASOURCE="/machines/{{.id}}", FORMAT="json", KIND="lookup", EXTRA="{\"url\":\"`+server.URL+`\"}")`)
	p.rule("ask", "SELECT orders.id AS id, name FROM orders INNER JOIN machines ON orders.id = machines.id", "test", single)
	for i := 1; i <= 4; i++ {
		p.Want(t, fmt.Sprintf(`{"id":%d,"name":"machine %d"}`, i, i))
	}
}

// Rows are sent to a stream, and answered when the rules have them.
func TestRowsThatAreSent(t *testing.T) {
	p := newPlant(t, t.TempDir())
	p.define(`CREATE STREAM orders () WITH (TYPE="httppush", DATASOURCE="/orders", FORMAT="json")`,
		`CREATE STREAM changes () WITH (TYPE="httppush", DATASOURCE="/orders", FORMAT="json", EXTRA="{\"method\":\"PUT\"}")`)
	p.rule("take", "SELECT id FROM orders WHERE id > 1", "test", single)
	p.rule("change", "SELECT id, 'changed' AS what FROM changes", "test", single)
	var address string
	p.until("the server is there", func() bool {
		_, body, _ := p.Call(t, "GET", "/rules/take/status", "")
		_, address, _ = strings.Cut(body, "POST http://")
		address, _, _ = strings.Cut(address, `"`)
		return address != ""
	})
	for _, body := range []string{`{"id":1}`, `[{"id":2},{"id":3}]`, `no JSON`} {
		res, err := http.Post("http://"+address, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != 200 { // what cannot be decoded is in the status
			t.Errorf("%s: %s", body, res.Status)
		}
	}
	p.Want(t, `{"id":2}`)
	p.Want(t, `{"id":3}`)
	req, err := http.NewRequest(http.MethodPut, "http://"+address, strings.NewReader(`{"id":4}`))
	if err != nil {
		t.Fatal(err)
	}
	p.until("the other stream is read", func() bool {
		res, err := http.DefaultClient.Do(req.Clone(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		req.Body = io.NopCloser(strings.NewReader(`{"id":4}`))
		return res.StatusCode == 200
	})
	p.Want(t, `{"id":4,"what":"changed"}`)
	p.until("the bad row is counted", func() bool { return p.figure("take", "source_orders_0_exceptions_total") == 1 })
	for _, id := range []string{"take", "change"} {
		if status, _, _ := p.Call(t, "DELETE", "/rules/"+id, ""); status != 200 {
			t.Fatal(status)
		}
	}
	p.until("the server has gone", func() bool {
		res, err := http.Post("http://"+address, "application/json", strings.NewReader("{}"))
		if err == nil {
			_ = res.Body.Close()
		}
		return err != nil
	})
}

// A rule is created though its server does not answer; its status says why, and
// shows no secret.
func TestServerThatDoesNotAnswer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, "wrong: ", r.Header.Get("Authorization"))
	}))
	defer server.Close()
	p := newPlant(t, t.TempDir())
	for name, c := range map[string]struct{ props, want string }{
		"away":   {`"url":"http://127.0.0.1:1/?token=TOPSECRET"`, "connection refused"},
		"denied": {`"url":"` + server.URL + `","bearer":"TOPSECRET"`, "401 Unauthorized: wrong: Bearer"},
	} {
		p.define(`CREATE STREAM ` + name + ` () WITH (TYPE="httppull", FORMAT="json", EXTRA="{` + strings.ReplaceAll(c.props, `"`, `\"`) + `}")`)
		p.rule(name, "SELECT * FROM "+name, "test", single)
		p.until("the status of "+name+" says why", func() bool {
			_, body, _ := p.Call(t, "GET", "/rules/"+name+"/status", "")
			if strings.Contains(body, "TOPSECRET") {
				t.Fatal("the status shows a secret: ", body)
			}
			return strings.Contains(body, c.want)
		})
	}
}
