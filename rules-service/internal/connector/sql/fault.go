package sql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"

	"sluice/rules-service/internal/connector"
)

// class is what an error of a database is about.
type class int

const (
	passing class = iota // another attempt may succeed
	lost                 // the connection
	refused              // what was written
	absent               // a table
	denied               // the user
)

// judge makes of an error of a driver what connectors return.
func (d *database) judge(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	err = cause(err)
	switch d.dialect.class(err) {
	case lost:
		return fmt.Errorf("%w: %s: %w", connector.ErrNotConnected, d.name, err)
	case refused:
		return &connector.Permanent{Err: fmt.Errorf("%s: %w", d.name, err)}
	case absent:
		return &absentError{fmt.Errorf("%s: %w; create the table, or name another one", d.name, err)}
	case denied:
		return fmt.Errorf("%w: %s: %w; check the user and the password, and what the user may do", connector.ErrNotConnected, d.name, err)
	}
	if unreachable(err) {
		return fmt.Errorf("%w: %s: %w", connector.ErrNotConnected, d.name, err)
	}
	return fmt.Errorf("%s: %w", d.name, err)
}

// absentError is that of a table that is not there.
type absentError struct{ err error }

func (a *absentError) Error() string { return a.err.Error() }
func (a *absentError) Unwrap() error { return a.err }

// unreachable tells of errors of the network, which all drivers have.
func unreachable(err error) bool {
	var network net.Error
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, context.DeadlineExceeded) || errors.As(err, &network)
}
