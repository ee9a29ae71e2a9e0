package sql

import (
	dbsql "database/sql"
	"fmt"
	"strings"
	"testing"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
	"sluice/sqlengine/value"
)

// Each benchmark inserts 1,000 rows in a transaction: in turn with the sink,
// from rows as rules give them, and with the driver alone, with one statement
// that is prepared before.
func BenchmarkPostgresInsert(b *testing.B) { inserts(b, postgresFixture(b)) }

func BenchmarkMariaDBInsert(b *testing.B) { inserts(b, mariaFixture(b)) }

func BenchmarkSQLiteInsert(b *testing.B) { inserts(b, sqliteFixture(b)) }

const benchRows = 1000

func inserts(b *testing.B, f *fixture) {
	columns := "device VARCHAR(20), n BIGINT, temperature DOUBLE PRECISION"
	if f.server == nil {
		columns = "device TEXT, n BIGINT, temperature REAL"
	}
	f.table(b, "ours", columns)
	f.table(b, "bare", columns)
	s := f.connected(b, map[string]any{"table": "ours"})
	msgs := make([]connector.Outbound, benchRows)
	for i := range msgs {
		row := value.FieldsOf([]string{"device", "n", "temperature"}, []value.Value{value.OfString(device(i)), value.OfInt(int64(i)), value.OfFloat(float64(i) / 10)})
		msgs[i] = connector.Outbound{Payload: codec.AppendRows(nil, []*value.Fields{row})}
	}
	connectortest.Compare(b, benchRows, func() {
		if err := s.Write(b.Context(), msgs); err != nil {
			b.Fatal(err)
		}
	}, f.bare(b))
}

func device(i int) string { return fmt.Sprintf("d%d", i%50) }

// bare inserts with the driver alone.
func (f *fixture) bare(b *testing.B) func() {
	conn, err := f.db.Conn(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	text := "INSERT INTO bare (device, n, temperature) VALUES "
	for i := range benchRows {
		p := f.db.dialect.placeholder
		text += fmt.Sprintf("(%s, %s, %s), ", p(3*i+1), p(3*i+2), p(3*i+3))
	}
	st, err := conn.PrepareContext(b.Context(), strings.TrimSuffix(text, ", "))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = st.Close() })
	args := make([]any, 0, 3*benchRows)
	return func() {
		args = args[:0]
		for i := range benchRows {
			args = append(args, device(i), int64(i), float64(i)/10)
		}
		for _, run := range []func() (dbsql.Result, error){
			func() (dbsql.Result, error) { return conn.ExecContext(b.Context(), f.db.dialect.begin()) },
			func() (dbsql.Result, error) { return st.ExecContext(b.Context(), args...) },
			func() (dbsql.Result, error) { return conn.ExecContext(b.Context(), "COMMIT") },
		} {
			if _, err := run(); err != nil {
				b.Fatal(err)
			}
		}
	}
}
