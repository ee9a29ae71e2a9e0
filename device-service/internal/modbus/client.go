package modbus

import (
	"errors"
	"fmt"
	"log"
	"log/slog"
	"strings"
	"time"

	"github.com/simonvetter/modbus"
)

// request is one exchange with a device: a read of a span, or a write of the
// registers or bits given for it.
type request struct {
	unit      uint8
	span      span
	write     bool
	registers []uint16
	bits      []bool
	// masks make a write change only these bits of its registers, by reading
	// them first: the owner of the line lets nothing come between.
	masks []uint16
	// multiple writes one register or bit by the function for many, and single
	// writes many of them one by one.
	multiple, single bool
}

func (r request) String() string {
	verb := "read"
	if r.write {
		verb = "write"
	}
	return fmt.Sprintf("%s %s of unit %d", verb, r.span, r.unit)
}

// answer holds what was read, in the order of the span, and when it came.
type answer struct {
	registers []uint16
	bits      []bool
	time      time.Time
}

// conn is an open line. One goroutine uses it.
type conn interface {
	exchange(request) (answer, error)
	// drain throws away what comes on a line whose answers have no number until
	// nothing has come for the given time, and tells whether something did.
	drain(silence time.Duration) (found bool, err error)
	Close() error
}

// functions are those of the protocol, as the Modbus library has them.
type functions interface {
	SetUnitId(unit uint8) error
	ReadCoils(start, count uint16) ([]bool, error)
	ReadDiscreteInputs(start, count uint16) ([]bool, error)
	ReadRegisters(start, count uint16, kind modbus.RegType) ([]uint16, error)
	WriteCoil(at uint16, on bool) error
	WriteCoils(start uint16, on []bool) error
	WriteRegister(at, register uint16) error
	WriteRegisters(start uint16, registers []uint16) error
	Close() error
}

// drainer is a second handle on a line whose answers have no number.
type drainer interface {
	drain(silence time.Duration) (found bool, err error)
	Close() error
}

// client is a conn. Only the exceptions of a device leave it usable: after any
// other error an answer may still be on its way, and it must be closed.
type client struct {
	functions
	port drainer // nil for TCP, where answers have a number
}

var parities = map[string]uint{"N": modbus.PARITY_NONE, "E": modbus.PARITY_EVEN, "O": modbus.PARITY_ODD}

// open connects. The library takes one time-out for all requests of a line,
// and up to 5 s to connect.
func open(w wire, timeout time.Duration, l *slog.Logger) (conn, error) {
	if address, ok := strings.CutPrefix(w.endpoint, schemeRTU+"://"); ok {
		return openRTU(address, timeout)
	}
	conf := modbus.ClientConfiguration{
		URL: w.endpoint, Timeout: timeout,
		Speed: uint(w.baud), DataBits: uint(w.dataBits), StopBits: uint(w.stopBits), Parity: parities[w.parity],
		Logger: libraryLog(l), // it writes to the standard output otherwise
	}
	err := w.tls.load(&conf)
	var c *modbus.ModbusClient
	if err == nil {
		c, err = modbus.NewClient(&conf)
	}
	if err == nil {
		err = c.Open()
	}
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	if !w.serialLine() {
		return client{functions: c}, nil
	}
	p, err := openPort(w)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("connect: %w", err), c.Close())
	}
	if w.ascii {
		return client{&framed{frames: &ascii{line: p, timeout: timeout, library: c}}, p}, nil
	}
	return client{c, p}, nil
}

func (c client) drain(silence time.Duration) (bool, error) { return c.port.drain(silence) }

// Close ends the connection.
func (c client) Close() error {
	if c.port == nil {
		return c.functions.Close()
	}
	return errors.Join(c.port.Close(), c.functions.Close())
}

func libraryLog(l *slog.Logger) *log.Logger { return slog.NewLogLogger(l.Handler(), slog.LevelDebug) }

func (c client) exchange(r request) (answer, error) {
	if err := c.SetUnitId(r.unit); err != nil {
		return answer{}, err
	}
	if r.write {
		err := c.set(r)
		return answer{time: time.Now()}, err
	}
	return c.get(r.span)
}

func (c client) get(s span) (a answer, err error) {
	start, count := uint16(s.start), uint16(s.count)
	switch s.table {
	case coils:
		a.bits, err = c.ReadCoils(start, count)
	case discreteInputs:
		a.bits, err = c.ReadDiscreteInputs(start, count)
	case inputRegisters:
		a.registers, err = c.ReadRegisters(start, count, modbus.INPUT_REGISTER)
	default:
		a.registers, err = c.ReadRegisters(start, count, modbus.HOLDING_REGISTER)
	}
	a.time = time.Now()
	return a, err
}

func (c client) set(r request) error {
	start := uint16(r.span.start)
	switch {
	case r.masks != nil:
		return c.setMasked(r)
	case r.single:
		return c.setSingly(r)
	case r.span.table == coils && len(r.bits) == 1 && !r.multiple:
		return c.WriteCoil(start, r.bits[0])
	case r.span.table == coils:
		return c.WriteCoils(start, r.bits)
	case len(r.registers) == 1 && !r.multiple:
		return c.WriteRegister(start, r.registers[0])
	}
	return c.WriteRegisters(start, r.registers)
}

// setSingly makes a request for each register or coil.
func (c client) setSingly(r request) error {
	for i := range r.span.count {
		one := r
		one.single = false
		one.span = span{r.span.table, r.span.start + i, 1}
		if one.span.table == coils {
			one.bits = r.bits[i : i+1]
		} else {
			one.registers = r.registers[i : i+1]
		}
		if err := c.set(one); err != nil {
			if i > 0 {
				return fmt.Errorf("%s was written, but not what follows: %w", span{r.span.table, r.span.start, i}, err)
			}
			return err
		}
	}
	return nil
}

func (c client) setMasked(r request) error {
	old, err := c.get(r.span)
	if err != nil {
		return err
	}
	merged := r
	merged.masks, merged.registers = nil, make([]uint16, len(r.registers))
	for i := range merged.registers {
		merged.registers[i] = old.registers[i]&^r.masks[i] | r.registers[i]&r.masks[i]
	}
	return c.set(merged)
}

// exceptions are the answers by which a device refuses a request.
var exceptions = []error{
	modbus.ErrIllegalFunction, modbus.ErrIllegalDataAddress, modbus.ErrIllegalDataValue, modbus.ErrServerDeviceFailure,
	modbus.ErrAcknowledge, modbus.ErrServerDeviceBusy, modbus.ErrMemoryParityError,
	modbus.ErrGWPathUnavailable, modbus.ErrGWTargetFailedToRespond,
}

// answered tells whether an error is an answer to the request, so that the
// line is in order. The library has no type for an exception code that it does
// not know.
func answered(err error) bool {
	return err == nil || isOneOf(err, exceptions...) || strings.Contains(err.Error(), "unknown exception code")
}

// unreachable tells whether a gateway has answered in place of the device.
func unreachable(err error) bool {
	return isOneOf(err, modbus.ErrGWPathUnavailable, modbus.ErrGWTargetFailedToRespond)
}

// outOfPlace tells whether a device refuses what a request covers, rather than
// the kind of request: a part of it may be fine.
func outOfPlace(err error) bool {
	return isOneOf(err, modbus.ErrIllegalDataAddress, modbus.ErrIllegalDataValue)
}

func isOneOf(err error, list ...error) bool {
	for _, e := range list {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
