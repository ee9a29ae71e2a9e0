package sql

import (
	"context"
	dbsql "database/sql"
	"encoding/hex"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

type postgres struct{}

func (postgres) name() string { return "postgres" }

func (postgres) options() []string {
	return []string{"application_name", "connect_timeout", "search_path", "sslmode", "target_session_attrs", "timezone"}
}

func (postgres) open(s *Server, a *address, _ connector.Files, _ access) (*dbsql.DB, error) {
	u := url.URL{Scheme: "postgres", Host: a.port("5432"), Path: "/" + a.database, RawQuery: a.options.Encode(), User: url.UserPassword(a.user, a.password)}
	if a.user == "" {
		return nil, errors.New(`property "dburl": the user is missing, as in postgres://user@host/database`)
	}
	c, err := pgx.ParseConfig(u.String())
	if err != nil {
		return nil, errors.New(`property "dburl": an option has a value that PostgreSQL does not know`) // the driver's text has the address in it
	}
	c.ConnectTimeout = s.Timeout
	if s.secured() {
		t, err := s.TLS.Config()
		if err != nil {
			return nil, err
		}
		t.ServerName = c.Host
		c.TLSConfig, c.Fallbacks = t, nil
	}
	return stdlib.OpenDB(*c), nil
}

// caveat has none: the database refuses a key that is not unique.
func (postgres) caveat(context.Context, *dbsql.Conn, string, string) (string, error) { return "", nil }

func (postgres) confine(*dbsql.Conn) error { return nil }

func (postgres) begin() string   { return "BEGIN" }
func (postgres) mark() string    { return `"` }
func (postgres) longest() int    { return 63 }
func (postgres) parameters() int { return 65535 }

func (postgres) placeholder(n int) string { return "$" + strconv.Itoa(n) }

func (postgres) replace(key string, columns []string) string { return onConflict(key, columns) }

// onConflict is what PostgreSQL and SQLite have alike.
func onConflict(key string, columns []string) string {
	var set []string
	for _, c := range columns {
		if c != key {
			set = append(set, c+" = excluded."+c)
		}
	}
	if set == nil {
		return " ON CONFLICT (" + key + ") DO NOTHING"
	}
	return " ON CONFLICT (" + key + ") DO UPDATE SET " + strings.Join(set, ", ")
}

func (postgres) exact(column string) string { return column + "::text" }

// param gives all values as texts: the server reads them as the types of the
// columns that they are for, whatever type they have here.
func (postgres) param(v value.Value) any {
	switch v.Kind() {
	case value.Null:
		return nil
	case value.Bool:
		return strconv.FormatBool(v.True())
	case value.Int:
		return strconv.FormatInt(v.Int(), 10)
	case value.Float:
		return strconv.FormatFloat(v.Float(), 'f', -1, 64)
	case value.String:
		return v.Str()
	case value.Bytes:
		return `\x` + hex.EncodeToString(v.Bytes())
	case value.Time:
		return time.Unix(0, v.Time()).UTC().Format("2006-01-02T15:04:05.999999999Z07:00")
	}
	return jsonText(v)
}

// jsonText is a value as JSON; one that JSON cannot write is NULL.
func jsonText(v value.Value) any {
	text, err := v.AppendJSON(nil)
	if err != nil {
		return nil
	}
	return string(text)
}

func (postgres) column(x any, kind string) value.Value {
	if b, ok := x.([]byte); ok && kind != "BYTEA" {
		x = string(b)
	}
	text, ok := x.(string)
	if !ok {
		return ofDriver(x)
	}
	switch kind {
	case "NUMERIC":
		return number(text)
	case "JSON", "JSONB":
		if v, err := codec.ParseJSON([]byte(text)); err == nil {
			return v
		}
	}
	return value.OfString(text)
}

// number is a decimal number; what is none, such as NaN, stays a text.
func number(text string) value.Value {
	if f, err := strconv.ParseFloat(text, 64); err == nil && f-f == 0 {
		return value.OfFloat(f)
	}
	return value.OfString(text)
}

// cause is what an attempt to connect has failed of, without the words around
// it.
func cause(err error) error {
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) && connect.Unwrap() != nil {
		return connect.Unwrap()
	}
	return err
}

func (postgres) class(err error) class {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		if pgconn.Timeout(err) || pgconn.SafeToRetry(err) {
			return lost
		}
		return passing
	}
	switch e.Code {
	case "42P01", "3F000": // table, schema
		return absent
	case "42501", "3D000": // privilege, database
		return denied
	case "57P01", "57P02", "57P03": // the server ends or begins
		return lost
	case "0A000", "21000", "54000", "54001", "54011", "54023": // not supported, a row twice, a limit
		return refused
	}
	switch e.Code[:min(2, len(e.Code))] {
	case "28":
		return denied
	case "08":
		return lost
	case "22", "23", "42", "44": // data, constraint, statement, check of a view
		return refused
	}
	return passing
}

func (postgres) unfit(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && strings.HasPrefix(e.Code, "22")
}
