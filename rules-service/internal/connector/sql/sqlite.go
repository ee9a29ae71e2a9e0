package sql

import (
	"context"
	dbsql "database/sql"
	"errors"
	"net/url"
	"strings"

	driver "modernc.org/sqlite"
	library "modernc.org/sqlite/lib"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

type sqlite struct{}

func (sqlite) name() string { return "sqlite" }

func (sqlite) options() []string { return nil }

// open opens a file that is there. A name that is none of a column must not
// become a text, as SQLite does by itself, and a lock of another process is
// waited for.
func (sqlite) open(_ *Server, a *address, files connector.Files, to access) (*dbsql.DB, error) {
	path, err := files.Path(a.database)
	if err != nil {
		return nil, err
	}
	options := url.Values{"_dqs": {"0"}, "_pragma": {"busy_timeout(5000)"}, "mode": {"ro"}}
	if to == writing {
		options.Set("mode", "rw")
	}
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + options.Encode()
	return dbsql.Open("sqlite", dsn)
}

// caveat has none: the database refuses a key that is not unique.
func (sqlite) caveat(context.Context, *dbsql.Conn, string, string) (string, error) { return "", nil }

// confine keeps a statement from opening other files.
func (sqlite) confine(conn *dbsql.Conn) error {
	_, err := driver.Limit(conn, library.SQLITE_LIMIT_ATTACHED, 0)
	return err
}

func (sqlite) begin() string          { return "BEGIN IMMEDIATE" }
func (sqlite) mark() string           { return `"` }
func (sqlite) longest() int           { return 1024 }
func (sqlite) parameters() int        { return 32766 }
func (sqlite) placeholder(int) string { return "?" }

func (sqlite) replace(key string, columns []string) string { return onConflict(key, columns) }

// exact keeps the driver from making a time of a text: an expression has no
// declared type.
func (sqlite) exact(column string) string { return "coalesce(" + column + ", NULL)" }

// param writes times as the functions of SQLite do, and a whole number as one: a
// column of texts would have 7.0 for 7.
func (sqlite) param(v value.Value) any {
	switch v.Kind() {
	case value.Time:
		return dateTime(v.Time())
	case value.Float:
		return native(whole(v.Float()))
	}
	return native(v)
}

func (sqlite) column(x any, _ string) value.Value { return ofDriver(x) }

func (sqlite) class(err error) class {
	var e *driver.Error
	if !errors.As(err, &e) {
		return passing
	}
	switch e.Code() & 0xff {
	case library.SQLITE_CONSTRAINT, library.SQLITE_MISMATCH, library.SQLITE_TOOBIG, library.SQLITE_RANGE:
		return refused
	case library.SQLITE_CANTOPEN, library.SQLITE_NOTADB, library.SQLITE_CORRUPT, library.SQLITE_IOERR:
		return lost
	case library.SQLITE_AUTH, library.SQLITE_PERM, library.SQLITE_READONLY:
		return denied
	case library.SQLITE_ERROR:
		if strings.Contains(e.Error(), "no such table") {
			return absent
		}
		return refused
	}
	return passing
}

// unfit is no error here: every column holds any value.
func (sqlite) unfit(error) bool { return false }
