package sql

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
	"sluice/sqlengine/value"
)

// All that a database must show. One server is for all of it: it takes long to
// begin.
var all = map[string]func(*testing.T, *fixture){
	"sink":           sinkConformance,
	"source":         sourceConformance,
	"lookup":         lookupConformance,
	"types":          typesArrive,
	"kinds":          rowKinds,
	"batches":        batches,
	"names":          namesAreNoStatements,
	"missing table":  missingTable,
	"columns":        unknownColumns,
	"ties":           tiesComeTogether,
	"limit":          limitHolds,
	"two indexes":    twoIndexes,
	"restart":        goesOnAfterRestart,
	"not taken":      notTakenComesAgain,
	"whole table":    wholeTable,
	"template":       templates,
	"lookup values":  lookupValues,
	"wrong values":   lookupOfWrongValues,
	"same key twice": sameKeyTwice,
	"no unique key":  noUniqueKey,
}

func run(t *testing.T, f *fixture) {
	for _, name := range sorted(all) {
		t.Run(name, func(t *testing.T) { all[name](t, f) })
	}
}

func sorted[V any](m map[string]V) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func TestPostgres(t *testing.T) { run(t, postgresFixture(t)) }

func TestMariaDB(t *testing.T) { run(t, mariaFixture(t)) }

func TestSQLite(t *testing.T) { run(t, sqliteFixture(t)) }

// away makes the server go away and come back; nil for files.
func (f *fixture) away() (gone, back func(*testing.T)) {
	if f.server == nil {
		return nil, nil
	}
	return func(*testing.T) { f.server.Kill() }, func(*testing.T) { f.server.Start(f.whole) }
}

func sinkConformance(t *testing.T, f *fixture) {
	order, err := quoted(f.db.dialect, "order") // a word of the language
	if err != nil {
		t.Fatal(err)
	}
	f.table(t, "conformance", order+" BIGINT, bad BIGINT, cancelled BIGINT, lost BIGINT")
	bad := connectortest.Rows(t, nil, `{"bad":"no number"}`)
	h := connectortest.Sink{
		New:     func(t *testing.T) connector.Sink { return f.sink(t, map[string]any{"table": "conformance"}) },
		Message: func(p string) connector.Outbound { return connectortest.Rows(t, nil, p) },
		Received: func(t *testing.T) []string {
			return f.rows(t, "SELECT "+order+", bad, cancelled, lost FROM conformance ORDER BY seq")
		},
		Bad: &bad,
	}
	h.Break, h.Mend = f.away()
	h.Run(t)
}

// texts is a source whose payloads are the texts of a column.
type texts struct {
	connector.Source
	t *testing.T
}

func (s texts) Read(ctx context.Context) ([]connector.Inbound, func(error), error) {
	msgs, ack, err := s.Source.Read(ctx)
	for i := range msgs {
		rows, err := codec.ParseRows(msgs[i].Payload)
		if err != nil || len(rows) != 1 {
			s.t.Errorf("%d rows: %v", len(rows), err)
			continue
		}
		msgs[i].Payload = []byte(rows[0].Get("body").Str())
	}
	return msgs, ack, err
}

func tracking(table string, more map[string]any) map[string]any {
	query := map[string]any{"table": table, "indexFields": []any{map[string]any{"indexField": "seq", "indexValue": 0}}}
	for k, v := range more {
		query[k] = v
	}
	return map[string]any{"interval": "20ms", "internalSqlQueryCfg": query}
}

func sourceConformance(t *testing.T, f *fixture) {
	f.table(t, "events", "body TEXT")
	h := connectortest.Source{
		New: func(t *testing.T) connector.Source {
			f.exec(t, "DELETE FROM events")
			return texts{f.source(t, tracking("events", nil)), t}
		},
		Send: func(t *testing.T, payloads ...string) {
			t.Helper()
			var rows []string
			for _, p := range payloads {
				rows = append(rows, "('"+p+"')")
			}
			f.exec(t, "INSERT INTO events (body) VALUES "+strings.Join(rows, ", "))
		},
		Acks: true,
	}
	h.Break, h.Mend = f.away()
	h.Run(t)
}

func lookupConformance(t *testing.T, f *fixture) {
	f.exec(t, "DROP TABLE IF EXISTS machines", "CREATE TABLE machines (id BIGINT, name VARCHAR(20), site VARCHAR(20))")
	for i, row := range connectortest.LookupRows() {
		f.exec(t, fmt.Sprintf("INSERT INTO machines VALUES (%d, '%s', '%s')", i+1, row.Get("name").Str(), row.Get("site").Str()))
	}
	h := connectortest.Lookup{New: func(t *testing.T) connector.Lookup { return f.lookup(t, map[string]any{"datasource": "machines"}) }}
	h.Break, h.Mend = f.away()
	h.Run(t)
}

// Values of every type arrive as they were, or as the column has them, and come
// back.
func typesArrive(t *testing.T, f *fixture) {
	f.table(t, "kinds", f.types)
	at := int64(1700000000_123456000)
	row := value.FieldsOf([]string{"i", "f", "b", "s", "x", "t", "j", "n"}, []value.Value{value.OfFloat(3), value.OfFloat(0.1), value.OfBool(true),
		value.OfString(`a 'b' "c" \ ü €`), value.OfBytes([]byte{0, 1, 0xff}), value.OfTime(at), value.OfList([]value.Value{value.OfInt(1), value.OfString("x")}), value.OfFloat(12.5)})
	none := value.FieldsOf([]string{"i", "s"}, []value.Value{{}, value.OfString("none")})
	odd := value.FieldsOf([]string{"s", "i", "n"}, []value.Value{value.OfInt(42), value.OfString("7"), value.OfInt(9007199254740993)})
	m := connector.Outbound{Payload: codec.AppendRows(nil, []*value.Fields{row, none, odd})}
	if err := f.connected(t, map[string]any{"table": "kinds"}).Write(t.Context(), []connector.Outbound{m}); err != nil {
		t.Fatal(err)
	}
	got := read(t, f.source(t, tracking("kinds", nil)).(*source).connected(t), 3)
	b, j := `true`, `[1,"x"]`
	when := `"2023-11-14T22:13:20.123456Z"`
	if f.server == nil || f.db.dialect == (mariaDB{}) {
		b, j = `1`, `"[1,\"x\"]"`
	}
	if f.server == nil {
		when = `"2023-11-14 22:13:20.123456"`
	}
	want := []string{
		`{"b":` + b + `,"f":0.1,"i":3,"j":` + j + `,"n":12.5,"s":"a 'b' \"c\" \\ ü €","seq":1,"t":` + when + `,"x":"AAH/"}`,
		`{"s":"none","seq":2}`,
		`{"i":7,"n":9007199254740992,"s":"42","seq":3}`,
	}
	for i := range want {
		if got[i] != want[i] && !(i == 2 && strings.Contains(got[i], `"i":7`) && strings.Contains(got[i], `"s":"42"`)) {
			t.Errorf("got  %s\nwant %s", got[i], want[i])
		}
	}
}

func (s *source) connected(t testing.TB) *source {
	t.Helper()
	if err := s.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// Each kind does what it says, in the order of the rows, within one batch.
func rowKinds(t *testing.T, f *fixture) {
	f.exec(t, "DROP TABLE IF EXISTS stock", "CREATE TABLE stock (id BIGINT PRIMARY KEY, n BIGINT, note VARCHAR(40))")
	s := f.connected(t, map[string]any{"table": "stock", "keyField": "id", "rowKindField": "kind"})
	var msgs []connector.Outbound
	for _, text := range []string{
		`{"id":1,"n":10,"note":"a"}`, `{"id":2,"n":20,"kind":"insert"}`, `{"id":3,"n":30,"kind":null}`, `{"id":4,"n":40}`,
		`{"id":1,"n":11,"kind":"update"}`, `{"id":9,"n":1,"kind":"update"}`,
		`{"id":2,"n":21,"note":"b","kind":"upsert"}`, `{"id":5,"n":50,"note":"c","kind":"upsert"}`,
		`{"id":3,"kind":"delete"}`, `{"id":8,"kind":"delete"}`, `{"id":4,"kind":"delete"}`, `{"id":4,"n":41}`,
		`{"id":6,"kind":"upsert"}`, `{"id":6,"kind":"upsert"}`,
	} {
		msgs = append(msgs, connectortest.Rows(t, nil, text))
	}
	if err := s.Write(t.Context(), msgs); err != nil {
		t.Fatal(err)
	}
	want := []string{`{"id":1,"n":11,"note":"a"}`, `{"id":2,"n":21,"note":"b"}`, `{"id":4,"n":41}`, `{"id":5,"n":50,"note":"c"}`, `{"id":6}`}
	if got := f.rows(t, "SELECT * FROM stock ORDER BY id"); !slices.Equal(got, want) {
		t.Errorf("got %s", got)
	}
	err := s.Write(t.Context(), []connector.Outbound{connectortest.Rows(t, nil, `{"id":1,"kind":"replace"}`), connectortest.Rows(t, nil, `{"n":1,"kind":"delete"}`), connectortest.Rows(t, nil, `{"id":7,"n":1}`), connectortest.Rows(t, nil, `{}`)})
	var partial *connector.Partial
	var permanent *connector.Permanent
	if !errors.As(err, &partial) || !errors.As(err, &permanent) || !slices.Equal(partial.Failed, []int{0, 1, 3}) {
		t.Errorf("%v", err)
	}
}

// A row that is written twice in a batch is what it was last.
func sameKeyTwice(t *testing.T, f *fixture) {
	f.exec(t, "DROP TABLE IF EXISTS twice", "CREATE TABLE twice (id VARCHAR(20) PRIMARY KEY, n BIGINT)")
	s := f.connected(t, map[string]any{"table": "twice", "keyField": "id", "rowKindField": "kind"})
	var list []string
	for i := range 100 {
		list = append(list, fmt.Sprintf(`{"id":"d%d","n":%d,"kind":"upsert"}`, i%3, i))
	}
	list = append(list, `{"id":7,"n":1,"kind":"upsert"}`, `{"id":"7","n":2,"kind":"upsert"}`) // one key for the database
	if err := s.Write(t.Context(), []connector.Outbound{connectortest.Rows(t, nil, list...)}); err != nil {
		t.Fatal(err)
	}
	want := []string{`{"id":"7","n":2}`, `{"id":"d0","n":99}`, `{"id":"d1","n":97}`, `{"id":"d2","n":98}`}
	if got := f.rows(t, "SELECT * FROM twice ORDER BY id"); !slices.Equal(got, want) {
		t.Errorf("got %s", got)
	}
}

// Batches of every size are complete, in order and once, whatever rows in them
// are refused.
func batches(t *testing.T, f *fixture) {
	f.table(t, "sizes", "n BIGINT")
	s := f.connected(t, map[string]any{"table": "sizes", "fields": []any{"n"}})
	n, want := 0, 0
	for _, size := range []int{1, 2, 3, 7, 64, 513, 1500} {
		var msgs []connector.Outbound
		var refused []int
		for i := range size {
			text := fmt.Sprintf(`{"n":%d,"other":1}`, n)
			if i%97 == 5 {
				text, refused = `{"n":"bad"}`, append(refused, i)
			} else {
				n++
			}
			msgs = append(msgs, connectortest.Rows(t, nil, text))
		}
		err := s.Write(t.Context(), msgs)
		var partial *connector.Partial
		if refused == nil && err != nil || refused != nil && (!errors.As(err, &partial) || !slices.Equal(partial.Failed, refused)) {
			t.Fatalf("%d messages: %v, want %v refused", size, err, refused)
		}
	}
	for _, row := range f.rows(t, "SELECT n FROM sizes ORDER BY seq") {
		if row != fmt.Sprintf(`{"n":%d}`, want) {
			t.Fatalf("row %d is %s", want, row)
		}
		want++
	}
	if want != n {
		t.Errorf("%d rows, want %d", want, n)
	}
}

// Names and values are never read as statements.
func namesAreNoStatements(t *testing.T, f *fixture) {
	f.table(t, "victim", "n BIGINT, s TEXT")
	f.exec(t, "INSERT INTO victim (n) VALUES (1)")
	m := f.db.dialect.mark()
	evil := []string{`victim; DROP TABLE victim; --`, `victim` + m + `; DROP TABLE victim; --`, m, `'`, `victim (n) VALUES (9); --`, `a\` + m, "x.y.z", "", "victim\x00", strings.Repeat("v", 2000)}
	s := f.connected(t, map[string]any{"table": "{{.t}}"})
	for _, name := range evil {
		msg := connectortest.Rows(t, nil, `{"n":2}`)
		msg.Values = map[string]string{"table": name}
		var permanent *connector.Permanent
		if err := s.Write(t.Context(), []connector.Outbound{msg}); !errors.As(err, &permanent) {
			t.Errorf("table %q: %v", name, err)
		}
		row := value.FieldsOf([]string{name}, []value.Value{value.OfInt(3)})
		msg = connector.Outbound{Payload: codec.AppendRows(nil, []*value.Fields{row}), Values: map[string]string{"table": "victim"}}
		if err := s.Write(t.Context(), []connector.Outbound{msg}); !errors.As(err, &permanent) {
			t.Errorf("column %q: %v", name, err)
		}
	}
	text := `'); DROP TABLE victim; --`
	msg := connector.Outbound{Payload: codec.AppendRows(nil, []*value.Fields{value.FieldsOf([]string{"s"}, []value.Value{value.OfString(text)})}), Values: map[string]string{"table": "victim"}}
	if err := s.Write(t.Context(), []connector.Outbound{msg}); err != nil {
		t.Fatal(err)
	}
	if got := f.rows(t, "SELECT n, s FROM victim ORDER BY seq"); !slices.Equal(got, []string{`{"n":1}`, `{"s":"'); DROP TABLE victim; --"}`}) {
		t.Errorf("%s", got)
	}
}

// A table that all rows go to is waited for; the error says what to do.
func missingTable(t *testing.T, f *fixture) {
	f.exec(t, "DROP TABLE IF EXISTS later")
	s := f.sink(t, map[string]any{"table": "later"})
	if err := s.Connect(t.Context()); err == nil || !strings.Contains(err.Error(), "create the table") {
		t.Fatalf("%v", err)
	}
	f.table(t, "later", "n BIGINT")
	if err := s.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(t.Context(), []connector.Outbound{connectortest.Rows(t, nil, `{"n":1}`)}); err != nil {
		t.Fatal(err)
	}
	f.exec(t, "DROP TABLE later")
	err := s.Write(t.Context(), []connector.Outbound{connectortest.Rows(t, nil, `{"n":2}`)})
	var permanent *connector.Permanent
	if !errors.Is(err, connector.ErrNotConnected) || errors.As(err, &permanent) {
		t.Errorf("%v", err)
	}
	if err := f.lookup(t, map[string]any{"datasource": "later"}).Connect(t.Context()); err == nil || !strings.Contains(err.Error(), "create the table") {
		t.Errorf("lookup: %v", err)
	}
}

// A column that the table has not is told with the row, and nothing else is
// lost.
func unknownColumns(t *testing.T, f *fixture) {
	f.table(t, "narrow", "n BIGINT")
	s := f.connected(t, map[string]any{"table": "narrow"})
	err := s.Write(t.Context(), []connector.Outbound{connectortest.Rows(t, nil, `{"n":1}`), connectortest.Rows(t, nil, `{"n":2,"wide":1}`), connectortest.Rows(t, nil, `{"n":3}`)})
	var partial *connector.Partial
	if !errors.As(err, &partial) || !slices.Equal(partial.Failed, []int{1}) || !strings.Contains(err.Error(), "wide") {
		t.Fatalf("%v", err)
	}
	if got := f.rows(t, "SELECT n FROM narrow ORDER BY seq"); !slices.Equal(got, []string{`{"n":1}`, `{"n":3}`}) {
		t.Errorf("%s", got)
	}
}

// A key that is not unique is told: by the database, or in the log where it
// would insert rows again in silence.
func noUniqueKey(t *testing.T, f *fixture) {
	f.exec(t, "DROP TABLE IF EXISTS loose", "CREATE TABLE loose (id BIGINT, n BIGINT)")
	var log strings.Builder
	env := f.env
	f.env.Log = slog.New(slog.NewTextHandler(&log, nil))
	defer func() { f.env = env }()
	s := f.connected(t, map[string]any{"table": "loose", "keyField": "id", "rowKindField": "kind"})
	err := s.Write(t.Context(), []connector.Outbound{connectortest.Rows(t, nil, `{"id":1,"kind":"upsert"}`)})
	var permanent *connector.Permanent
	switch told := errors.As(err, &permanent) || strings.Contains(log.String(), "has no unique index"); {
	case !told:
		t.Errorf("%v; log: %s", err, &log)
	case err == nil && f.db.dialect != (mariaDB{}):
		t.Error("it is taken")
	}
	log.Reset()
	f.exec(t, "CREATE UNIQUE INDEX loosened ON loose (id)")
	s = f.connected(t, map[string]any{"table": "loose", "keyField": "id", "rowKindField": "kind"})
	if err := s.Write(t.Context(), []connector.Outbound{connectortest.Rows(t, nil, `{"id":1,"kind":"upsert"}`), connectortest.Rows(t, nil, `{"id":1,"n":2,"kind":"upsert"}`)}); err != nil || log.Len() > 0 {
		t.Errorf("%v; log: %s", err, &log)
	}
}
