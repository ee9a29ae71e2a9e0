package modbus

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/simonvetter/modbus"

	"sluice/device-service/internal/driver"
)

// A discovery is gentle: so many endpoints at a time, and a pause before each
// request after the first to the same one.
const (
	scanEndpoints = 16
	scanPause     = 20 * time.Millisecond
)

var _ driver.Discoverer = (*Driver)(nil)

// Discover asks each unit of each endpoint of the configuration for a register;
// who answers, even if it is to refuse, is a device. Endpoints that a device
// uses are left alone: a second connection could disturb it.
func (d *Driver) Discover(ctx context.Context, found func(driver.Discovered)) error {
	s, err := parseScan(d.options.Config)
	if err != nil {
		return fmt.Errorf("discovery: %w", err)
	}
	endpoints := make(chan string)
	var one sync.Mutex
	var workers sync.WaitGroup
	for range min(scanEndpoints, len(s.endpoints)) {
		workers.Go(func() {
			for endpoint := range endpoints {
				s.look(ctx, endpoint, func(unit int) {
					one.Lock()
					defer one.Unlock()
					found(s.device(endpoint, unit))
				})
			}
		})
	}
	defer workers.Wait()
	defer close(endpoints)
	for _, endpoint := range s.endpoints {
		if d.serves(s.scheme + "://" + endpoint) {
			continue
		}
		select {
		case endpoints <- endpoint:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// serves tells whether a device uses an endpoint, in whatever framing.
func (d *Driver) serves(endpoint string) bool {
	_, host, _ := strings.Cut(endpoint, "://")
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, scheme := range []string{schemeTCP, schemeTLS, schemeRTU} {
		if d.lines[scheme+"://"+host] != nil {
			return true
		}
	}
	return false
}

// look asks the units of an endpoint one after the other. After a failure the
// connection is a new one: a late answer must not count for another unit.
func (s scan) look(ctx context.Context, endpoint string, found func(unit int)) {
	dialer := net.Dialer{Timeout: s.timeout}
	var c net.Conn
	defer func() {
		if c != nil {
			_ = c.Close()
		}
	}()
	for i, unit := range s.units {
		if i > 0 && !pause(ctx, scanPause) {
			return
		}
		if c == nil {
			var err error
			if c, err = dialer.DialContext(ctx, "tcp", endpoint); err != nil {
				return // there is nothing, and the other units are not elsewhere
			}
		}
		current := c
		ended := context.AfterFunc(ctx, func() { _ = current.Close() })
		err := s.ask(c, unit)
		ended()
		if answered(err) {
			if !unreachable(err) {
				found(unit)
			}
			continue
		}
		_ = c.Close()
		c = nil
	}
}

// pause waits, and tells whether it was not cut short.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// ask reads the first holding register of a unit.
func (s scan) ask(c net.Conn, unit int) error {
	if s.scheme == schemeRTU {
		f := &framed{frames: &rtuOverTCP{conn: c, timeout: s.timeout}, unit: uint8(unit)}
		_, err := f.ReadRegisters(0, 1, modbus.HOLDING_REGISTER)
		return err
	}
	if err := c.SetDeadline(time.Now().Add(s.timeout)); err != nil {
		return err
	}
	const transaction, rest = 1, 6 // what follows the length: unit, function, start, count
	request := []byte{0, transaction, 0, 0, 0, rest, uint8(unit), fcReadHolding, 0, 0, 0, 1}
	if _, err := c.Write(request); err != nil {
		return err
	}
	var answer [9]byte // as far as the code of an exception, or the number of bytes
	if _, err := io.ReadFull(c, answer[:]); err != nil {
		return err
	}
	if binary.BigEndian.Uint16(answer[:]) != transaction || answer[6] != uint8(unit) {
		return modbus.ErrProtocolError
	}
	switch answer[7] {
	case fcReadHolding | exceptionBit:
		return exceptionOf(answer[8])
	case fcReadHolding:
		_, err := io.CopyN(io.Discard, c, int64(answer[8]))
		return err
	}
	return modbus.ErrProtocolError
}

// device is one that was found. Its name has no dots: a topic of Redis would
// be torn apart there.
func (s scan) device(endpoint string, unit int) driver.Discovered {
	host, port, _ := net.SplitHostPort(endpoint)
	properties := map[string]any{"Address": host, "Port": port, "UnitID": strconv.Itoa(unit)}
	if s.scheme == schemeRTU {
		properties["Framing"] = "rtu"
	}
	name := strings.NewReplacer(".", "-", ":", "-").Replace(fmt.Sprintf("modbus-%s-%s-%d", host, port, unit))
	return driver.Discovered{
		Device:      driver.Device{Name: name, Protocols: map[string]map[string]any{protocolTCP: properties}},
		Description: fmt.Sprintf("found at %s, unit %d", endpoint, unit),
	}
}
