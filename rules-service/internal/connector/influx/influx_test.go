package influx

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
	"sluice/sqlengine/value"
	"sluice/tests/servers"
)

const database = "plant"

func decode(name string, props map[string]any) (*connector.SinkConfig, error) {
	info, err := connectortest.Registry(Register).Sink(name)
	if err != nil {
		return nil, err
	}
	return info.Decode(props, connectortest.Quiet())
}

func open(t testing.TB, name string, props map[string]any) connector.Sink {
	t.Helper()
	return connectortest.OpenSink(t, connectortest.Registry(Register), name, props, connectortest.Quiet())
}

// v1 is a sink for a database of a server.
func v1(t testing.TB, p *servers.Process, more map[string]any) connector.Sink {
	t.Helper()
	props := map[string]any{"addr": "http://" + p.Addr(), "database": database, "measurement": "m", "timeout": "20s"}
	maps.Copy(props, more)
	return open(t, "influx", props)
}

// ask sends a statement to a server and returns the points as JSON objects
// without what is null.
func ask(t testing.TB, p *servers.Process, q string) []string {
	t.Helper()
	res, err := http.PostForm("http://"+p.Addr()+"/query", url.Values{"db": {database}, "q": {q}, "epoch": {"ns"}})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Results []struct {
			Error  string
			Series []struct {
				Columns []string
				Values  [][]any
			}
		}
	}
	dec := json.NewDecoder(strings.NewReader(string(body)))
	dec.UseNumber()
	if err := dec.Decode(&answer); err != nil || len(answer.Results) != 1 || answer.Results[0].Error != "" {
		t.Fatalf("%s: %v %s", q, err, body)
	}
	var points []string
	for _, series := range answer.Results[0].Series {
		for _, values := range series.Values {
			point := map[string]any{}
			for i, c := range series.Columns {
				if values[i] != nil {
					point[c] = values[i]
				}
			}
			text, err := json.Marshal(point)
			if err != nil {
				t.Fatal(err)
			}
			points = append(points, string(text))
		}
	}
	return points
}

// untimed leaves the times out.
func untimed(t testing.TB, points []string) []string {
	t.Helper()
	var list []string
	for _, p := range points {
		var m map[string]json.RawMessage
		if err := json.Unmarshal([]byte(p), &m); err != nil {
			t.Fatal(err)
		}
		delete(m, "time")
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, string(text))
	}
	return list
}

func influxDB(t testing.TB) *servers.Process {
	t.Helper()
	p := servers.InfluxDB(t)
	ask(t, p, "CREATE DATABASE "+database)
	return p
}

func TestConformance(t *testing.T) {
	p := influxDB(t)
	mend := func(*testing.T) { p.Start(t) } // for all parts of the suite
	bad := connectortest.Rows(t, nil, `{"bad":"a text where a number was"}`)
	for name, more := range map[string]map[string]any{"plain": nil, "gzip": {"compression": "gzip"}} {
		t.Run(name, func(t *testing.T) {
			h := connectortest.Sink{
				New:      func(t *testing.T) connector.Sink { return v1(t, p, more) },
				Message:  func(payload string) connector.Outbound { return connectortest.Rows(t, nil, payload) },
				Received: func(t *testing.T) []string { return untimed(t, ask(t, p, "SELECT * FROM m")) },
				Bad:      &bad,
				Break:    func(*testing.T) { p.Kill() },
				Mend:     mend,
			}
			h.Run(t)
		})
	}
}

// Types, tags, chosen fields and times arrive as they were.
func TestPoints(t *testing.T) {
	p := influxDB(t)
	s := v1(t, p, map[string]any{"fields": []any{"temperature", "n", "on", "text", "gone"}, "tsFieldName": "ts", "precision": "s",
		"tags": map[string]any{"device": "x", "line": "y"}})
	row := value.FieldsOf([]string{"temperature", "n", "on", "text", "ts", "other"}, []value.Value{value.OfFloat(21.5), value.OfInt(7), value.OfBool(true),
		value.OfString("a \"b\" \\ c,\nd"), value.OfInt(1700000000), value.OfInt(1)})
	m := connector.Outbound{Payload: codec.AppendRows(nil, []*value.Fields{row}),
		Values: map[string]string{"measurement": "my m,1", "tags.device": "boiler 1,=a", "tags.line": "", "tags.room": "<no value>"}}
	if err := s.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(t.Context(), []connector.Outbound{m}); err != nil {
		t.Fatal(err)
	}
	got := ask(t, p, `SELECT * FROM "my m,1"`)
	want := `{"device":"boiler 1,=a","n":7,"on":true,"temperature":21.5,"text":"a \"b\" \\ c,\nd","time":1700000000000000000}`
	if len(got) != 1 || got[0] != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// Rows without a time of their own do not replace each other.
func TestTimesDiffer(t *testing.T) {
	p := influxDB(t)
	s := v1(t, p, nil)
	var msgs []connector.Outbound
	for i := range 1000 {
		msgs = append(msgs, connectortest.Rows(t, nil, fmt.Sprintf(`{"n":%d}`, i), fmt.Sprintf(`{"n":%d}`, i)))
	}
	if err := s.Write(t.Context(), msgs); err != nil {
		t.Fatal(err)
	}
	if got := untimed(t, ask(t, p, "SELECT count(n) FROM m")); len(got) != 1 || got[0] != `{"count":2000}` {
		t.Error(got)
	}
}

// What the server refuses in a batch are the bad ones alone, whatever they are.
func TestBadPoints(t *testing.T) {
	p := influxDB(t)
	s := v1(t, p, map[string]any{"tsFieldName": "ts"})
	write := func(texts ...string) error {
		var msgs []connector.Outbound
		for _, text := range texts {
			msgs = append(msgs, connectortest.Rows(t, nil, text))
		}
		return s.Write(t.Context(), msgs)
	}
	if err := write(`{"ts":1,"n":1}`); err != nil {
		t.Fatal(err)
	}
	err := write(`{"ts":2,"n":2}`, `{"ts":3,"n":"text"}`, `{"ts":4}`, `{"n":5}`, `{"ts":"soon","n":6}`, `{"ts":7,"n":7}`, `{"ts":1e300,"n":8}`, `{"ts":9,"n":null,"ok":true}`)
	var partial *connector.Partial
	var permanent *connector.Permanent
	if !errorsAs(err, &partial) || !errorsAs(err, &permanent) || !slices.Equal(partial.Failed, []int{1, 3, 4, 6}) {
		t.Fatalf("%v", err)
	}
	if !strings.Contains(err.Error(), "field type conflict") {
		t.Error(err)
	}
	if got := untimed(t, ask(t, p, "SELECT n FROM m")); !slices.Equal(got, []string{`{"n":1}`, `{"n":2}`, `{"n":7}`}) {
		t.Error(got)
	}
}

// Wrong credentials, an unknown database, an unreachable host and an expired
// certificate are told at once, without secrets, and are worth another attempt.
func TestConnectErrors(t *testing.T) {
	p, trust := secured(t)
	expired, expiredCA := servers.Expired(t)
	free := fmt.Sprintf("http://127.0.0.1:%d", servers.FreePort(t))
	https := "https://" + p.Addr()
	for name, c := range map[string]struct {
		sink  string
		props map[string]any
		want  string
	}{
		"no credentials":    {"influx", map[string]any{"addr": https, "rootCaPath": trust}, "check the user or token"},
		"wrong credentials": {"influx", map[string]any{"addr": https, "rootCaPath": trust, "username": "admin", "password": "hunter2"}, "check the user or token"},
		"not trusted":       {"influx", map[string]any{"addr": https}, "certificate signed by unknown authority"},
		"expired":           {"influx", map[string]any{"addr": "https://" + expired, "rootCaPath": expiredCA}, "certificate has expired"},
		"unreachable":       {"influx", map[string]any{"addr": free, "username": "a", "password": "hunter2"}, "connection refused"},
		"v2, unreachable":   {"influx2", map[string]any{"addr": free, "token": "hunter2"}, "connection refused"},
		"v2, expired":       {"influx2", map[string]any{"addr": "https://" + expired, "rootCaPath": expiredCA, "token": "hunter2"}, "certificate has expired"},
		"v2, no such API":   {"influx2", map[string]any{"addr": "http://" + servers.InfluxDB(t).Addr(), "token": "hunter2"}, "404 Not Found"},
	} {
		t.Run(name, func(t *testing.T) {
			props := map[string]any{"measurement": "m", "timeout": "20s"}
			if c.sink == "influx" {
				props["database"] = database
			} else {
				props["org"], props["bucket"] = "works", "plant"
			}
			maps.Copy(props, c.props)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			err := open(t, c.sink, props).Connect(ctx)
			var permanent *connector.Permanent
			if err == nil || !strings.Contains(err.Error(), c.want) || errorsAs(err, &permanent) {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("a secret is shown: %v", err)
			}
		})
	}
}

// secured is a server with the user InfluxAdmin and the database.
func secured(t testing.TB) (p *servers.Process, trust string) {
	t.Helper()
	p, trust = servers.InfluxDBSecured(t)
	for _, q := range []string{fmt.Sprintf("CREATE USER %s WITH PASSWORD '%s' WITH ALL PRIVILEGES", servers.InfluxAdmin, servers.InfluxAdminPassword),
		"CREATE DATABASE " + database} {
		query := admin(t, p, trust).server
		query.path, query.query = "/query", url.Values{"q": {q}}
		if _, err := query.post(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	return p, trust
}

// admin is a sink of who may do everything.
func admin(t testing.TB, p *servers.Process, trust string) *sink {
	t.Helper()
	return open(t, "influx", map[string]any{"addr": "https://" + p.Addr(), "rootCaPath": trust, "username": servers.InfluxAdmin,
		"password": servers.InfluxAdminPassword, "database": database, "measurement": "m", "timeout": "20s"}).(*sink)
}

// A secured server takes points from who has the password, once there is the
// database.
func TestSecured(t *testing.T) {
	p, trust := secured(t)
	s := admin(t, p, trust)
	if err := s.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(t.Context(), []connector.Outbound{connectortest.Rows(t, nil, `{"a":1}`)}); err != nil {
		t.Fatal(err)
	}
	s.server.query.Set("db", "elsewhere")
	if err := s.Connect(t.Context()); err == nil || !strings.Contains(err.Error(), "database not found") {
		t.Errorf("without a database: %v", err)
	}
}
