package sql

import (
	"context"
	dbsql "database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
)

// Server are the properties that name a database.
type Server struct {
	URL      string           `prop:"dburl,required" doc:"Address of the database: postgres://user:password@host:5432/database, mysql://user:password@host:3306/database for MariaDB and MySQL, or sqlite:plant.db. Characters such as @ / : in names and passwords are written as %40 %2F %3A. A file of SQLite is in the folder for files of the service, as with the connector file."`
	Username string           `prop:"username" doc:"User name, in place of that in dburl."`
	Password connector.Secret `prop:"password" doc:"Password, in place of that in dburl; here it may be secret://NAME/KEY."`
	Timeout  time.Duration    `prop:"timeout" doc:"Limit for connecting."`
	connector.TLS
}

var defaultServer = Server{Timeout: 10 * time.Second}

// Validate checks what the types cannot say.
func (s *Server) Validate() error {
	if s.Timeout <= 0 {
		return errors.New(`property "timeout" must be positive`)
	}
	if _, err := s.address(); err != nil {
		return fmt.Errorf("property \"dburl\": %w", err)
	}
	return nil
}

// key tells databases apart, whoever asks them.
func (s *Server) key() string {
	a, err := s.address()
	if err != nil {
		return ""
	}
	return a.dialect.name() + "://" + a.host + "/" + a.database
}

// address is a dburl taken apart.
type address struct {
	dialect        dialect
	user, password string
	host, database string // of SQLite: the path alone
	options        url.Values
}

// dialects by the schemes of their addresses.
var dialects = map[string]dialect{
	"postgres": postgres{}, "postgresql": postgres{}, "pg": postgres{}, "pgsql": postgres{},
	"mysql": mariaDB{}, "mariadb": mariaDB{}, "maria": mariaDB{}, "my": mariaDB{},
	"sqlite": sqlite{}, "sqlite3": sqlite{}, "file": sqlite{},
}

// address reads dburl. Its errors do not repeat it: it may hold a password.
func (s *Server) address() (*address, error) {
	scheme, rest, ok := strings.Cut(s.URL, ":")
	d := dialects[strings.ToLower(scheme)]
	if !ok || d == nil {
		return nil, errors.New("it must begin with postgres://, mysql:// or sqlite:, for other databases there is no driver")
	}
	if d == (sqlite{}) {
		return fileAddress(rest)
	}
	u, err := url.Parse(s.URL)
	if err != nil || u.Host == "" || u.Hostname() == "" {
		return nil, fmt.Errorf("it is no address such as %s://user:password@host/database; write @ / : ? # in names and passwords as %%40 %%2F %%3A %%3F %%23", d.name())
	}
	a := &address{dialect: d, host: u.Host, database: strings.TrimPrefix(u.Path, "/"), options: u.Query(), user: u.User.Username()}
	a.password, _ = u.User.Password()
	if s.Username != "" {
		a.user = s.Username
	}
	if s.Password != "" {
		a.password = s.Password.Reveal()
	}
	if a.database == "" || strings.Contains(a.database, "/") {
		return nil, errors.New("it must end with the name of one database, as in //host/database")
	}
	return a, checkOptions(a)
}

// fileAddress is that of a database in a file.
func fileAddress(rest string) (*address, error) {
	path, options, given := strings.Cut(strings.TrimPrefix(rest, "//"), "?")
	switch {
	case path == "", strings.Contains(path, ":memory:"):
		return nil, errors.New("the name of a file is wanted, as in sqlite:plant.db")
	case given && options != "":
		return nil, errors.New("a file of SQLite takes no options; leave out what follows the question mark")
	}
	return &address{dialect: sqlite{}, database: path}, nil
}

// checkOptions refuses options that could reach files of the service, and
// mistakes.
func checkOptions(a *address) error {
	known := a.dialect.options()
	for name := range a.options {
		found := false
		for _, k := range known {
			found = found || k == name
		}
		if !found {
			return fmt.Errorf("option %q is unknown; there are %s", name, strings.Join(known, ", "))
		}
	}
	return nil
}

// port is the host with the port that it has by default.
func (a *address) port(usual string) string {
	u := url.URL{Host: a.host}
	if u.Port() != "" {
		return a.host
	}
	return strings.TrimSuffix(a.host, ":") + ":" + usual
}

// database is one that is opened; no connection has been made.
type database struct {
	*dbsql.DB
	dialect dialect
	name    string // without secrets, for errors
}

// access is what is done with a database.
type access int

const (
	reading access = iota
	writing
)

func (s *Server) open(env connector.Env, to access) (*database, error) {
	a, err := s.address()
	if err != nil {
		return nil, fmt.Errorf("property \"dburl\": %w", err)
	}
	db, err := a.dialect.open(s, a, env.Files, to)
	if err != nil {
		return nil, err
	}
	db.SetConnMaxIdleTime(time.Minute)
	return &database{DB: db, dialect: a.dialect, name: httpclient.Redact(s.URL)}, nil
}

// giveUp closes a connection, which its pool must not give out again.
func giveUp(conn *dbsql.Conn) {
	_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	_ = conn.Close()
}

// secured tells whether the properties of TLS say anything.
func (s *Server) secured() bool { return s.TLS != (connector.TLS{}) }

// named is a connection that has a name.
type named struct{ Server }

func registerConnection(r *connector.Registry) {
	connector.AddConnection(r, connector.ConnectionSpec[named]{
		Name:     "sql",
		Summary:  "A database that speaks SQL.",
		Defaults: named{defaultServer},
		Example:  `{"dburl": "postgres://plant@127.0.0.1/plant", "password": "secret"}`,
		Ping: func(ctx context.Context, c named, env connector.Env) error {
			db, err := c.open(env, reading)
			if err != nil {
				return err
			}
			defer func() { _ = db.Close() }()
			ctx, cancel := context.WithTimeout(ctx, c.Timeout)
			defer cancel()
			return db.judge(ctx, db.PingContext(ctx))
		},
	})
}
