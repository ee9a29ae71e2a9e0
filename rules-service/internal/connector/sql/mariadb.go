package sql

import (
	"context"
	dbsql "database/sql"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

// mariaDB is MySQL too.
type mariaDB struct{}

func (mariaDB) name() string { return "mysql" }

func (mariaDB) options() []string { return []string{"charset", "collation", "maxAllowedPacket", "tls"} }

func (mariaDB) open(s *Server, a *address, _ connector.Files, _ access) (*dbsql.DB, error) {
	options := a.options
	c, err := mysql.ParseDSN("/?" + options.Encode())
	if err != nil {
		return nil, fmt.Errorf("property \"dburl\": %w", err) // names the option alone
	}
	c.User, c.Passwd, c.Net, c.Addr, c.DBName = a.user, a.password, "tcp", a.port("3306"), a.database
	c.ParseTime, c.Loc, c.Timeout = true, time.UTC, s.Timeout
	c.Params = map[string]string{"time_zone": "'+00:00'"}
	c.Logger = silence{}
	if s.secured() {
		t, err := s.TLS.Config()
		if err != nil {
			return nil, err
		}
		if t.ServerName, _, err = net.SplitHostPort(c.Addr); err != nil {
			return nil, err
		}
		c.TLS = t
	}
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return nil, err
	}
	return dbsql.OpenDB(connector), nil
}

// silence keeps the driver from writing to the standard error: its errors come
// back too.
type silence struct{}

func (silence) Print(...any) {}

// caveat tells of a key that is not unique, with which rows are inserted again
// instead of replaced.
func (mariaDB) caveat(ctx context.Context, conn *dbsql.Conn, table, key string) (string, error) {
	schema, name, given := strings.Cut(table, ".")
	if !given {
		schema, name = "", table
	}
	var n int
	err := conn.QueryRowContext(ctx, "SELECT COUNT(*) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = COALESCE(NULLIF(?, ''), DATABASE()) "+
		"AND TABLE_NAME = ? AND COLUMN_NAME = ? AND NON_UNIQUE = 0", schema, name, key).Scan(&n)
	if err != nil || n > 0 {
		return "", err
	}
	return fmt.Sprintf("column %q of table %s has no unique index; upsert inserts its rows again", key, table), nil
}

func (mariaDB) confine(*dbsql.Conn) error { return nil }

func (mariaDB) begin() string              { return "START TRANSACTION" }
func (mariaDB) mark() string               { return "`" }
func (mariaDB) longest() int               { return 64 }
func (mariaDB) parameters() int            { return 65535 }
func (mariaDB) placeholder(int) string     { return "?" }
func (mariaDB) exact(column string) string { return column }

func (mariaDB) replace(key string, columns []string) string {
	var set []string
	for _, c := range columns {
		if c != key {
			set = append(set, c+" = VALUES("+c+")")
		}
	}
	if set == nil {
		set = []string{key + " = " + key}
	}
	return " ON DUPLICATE KEY UPDATE " + strings.Join(set, ", ")
}

func (mariaDB) param(v value.Value) any { return native(v) }

func (mariaDB) column(x any, kind string) value.Value {
	b, ok := x.([]byte)
	if !ok {
		return ofDriver(x)
	}
	switch {
	case kind == "DECIMAL":
		return number(string(b))
	case strings.HasSuffix(kind, "BLOB"), strings.HasSuffix(kind, "BINARY"), kind == "GEOMETRY":
		return value.OfBytes(b)
	case kind == "BIT":
		var n int64
		for _, c := range b {
			n = n<<8 | int64(c)
		}
		return value.OfInt(n)
	}
	return value.OfString(string(b))
}

func (mariaDB) class(err error) class {
	if errors.Is(err, mysql.ErrPktTooLarge) {
		return refused // in smaller parts it may fit
	}
	if errors.Is(err, mysql.ErrInvalidConn) || errors.Is(err, mysql.ErrBusyBuffer) {
		return lost
	}
	var e *mysql.MySQLError
	if !errors.As(err, &e) {
		return passing
	}
	switch e.Number {
	case 1146: // table
		return absent
	case 1044, 1045, 1049, 1142, 1143, 1227, 1698: // user, database, privilege
		return denied
	case 1053, 1927, 1129, 1130, 1040: // shutdown, killed, host, too many
		return lost
	case 1048, 1054, 1062, 1064, 1136, 1216, 1217, 1153, 1292, 1364, 1366, 1367, 1406, 1411, 1416, 1425, 1451, 1452, 1526, 1690, 3140, 4025:
		return refused // column, key, statement, number of columns, size, value, range, check
	}
	switch string(e.SQLState[:2]) {
	case "22", "23", "42":
		return refused
	case "08":
		return lost
	}
	return passing
}

// unfit is no error here: the values are converted.
func (mariaDB) unfit(error) bool { return false }
