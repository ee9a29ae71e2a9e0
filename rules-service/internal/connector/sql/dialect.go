package sql

import (
	"context"
	dbsql "database/sql"
	"errors"
	"fmt"
	"strings"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

// dialect is what databases differ in.
type dialect interface {
	name() string
	server
	grammar
	values
	faults
}

// server is how a database is reached.
type server interface {
	// options are those that an address may have.
	options() []string
	open(s *Server, a *address, files connector.Files, to access) (*dbsql.DB, error)
	// confine bounds what a statement of somebody may reach.
	confine(conn *dbsql.Conn) error
	// caveat tells why rows would not be replaced by their key; "": they are, or
	// the database says so itself.
	caveat(ctx context.Context, conn *dbsql.Conn, table, key string) (string, error)
}

// grammar is how statements are written.
type grammar interface {
	// begin begins a transaction that writes.
	begin() string
	// mark is around quoted names, and longest how many bytes they may have.
	mark() string
	longest() int
	// parameters may be in a statement at most; placeholder stands for the n-th
	// of them, from 1.
	parameters() int
	placeholder(n int) string
	// replace ends an INSERT that replaces the row with its key; names are quoted.
	replace(key string, columns []string) string
	// exact is a quoted column as parameters are compared with it.
	exact(column string) string
}

// values is how they are given to a driver, and what it has read of a column.
type values interface {
	param(v value.Value) any
	column(x any, kind string) value.Value
}

// faults is what errors are about.
type faults interface {
	class(err error) class
	// unfit tells of a value that its column cannot have.
	unfit(err error) bool
}

// quoted is a name as a statement has it.
func quoted(d dialect, name string) (string, error) {
	switch {
	case name == "":
		return "", errors.New("a table or column has an empty name")
	case strings.ContainsRune(name, 0):
		return "", fmt.Errorf("the name %q has a zero byte", name)
	case len(name) > d.longest():
		return "", fmt.Errorf("the name %q is longer than %d bytes", connector.CutText(name, 40), d.longest())
	}
	m := d.mark()
	return m + strings.ReplaceAll(name, m, m+m) + m, nil
}

// quotedTable is the name of a table, which may have that of its schema before
// a point.
func quotedTable(d dialect, name string) (string, error) {
	var parts []string
	for part := range strings.SplitSeq(name, ".") {
		q, err := quoted(d, part)
		if err != nil {
			return "", fmt.Errorf("table %q: %w", connector.CutText(name, 80), err)
		}
		parts = append(parts, q)
	}
	return strings.Join(parts, "."), nil
}

// quotedAll are names of columns.
func quotedAll(d dialect, names []string) ([]string, error) {
	list := make([]string, len(names))
	var err error
	for i, name := range names {
		if list[i], err = quoted(d, name); err != nil {
			return nil, err
		}
	}
	return list, nil
}
