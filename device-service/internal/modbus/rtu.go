package modbus

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/simonvetter/modbus"
)

// The codes of the functions.
const (
	fcReadCoils      = 1
	fcReadInputBits  = 2
	fcReadHolding    = 3
	fcReadInput      = 4
	fcWriteCoil      = 5
	fcWriteRegister  = 6
	fcWriteCoils     = 15
	fcWriteRegisters = 16
	exceptionBit     = 0x80
	coilOn           = 0xff00
	connectTimeout   = 5 * time.Second
	leastFrame       = 5 // unit, function, code, CRC
	longestFrame     = 256
)

// rtuOverTCP speaks frames of Modbus RTU over a TCP connection to a serial
// gateway. The library does so too, but keeps the connection to itself: what
// is late could not be thrown away. The frames are those of "Modbus over serial
// line V1.02" and "Modbus application protocol V1.1b3".
type rtuOverTCP struct {
	conn    net.Conn
	timeout time.Duration
	unit    uint8
	buf     [longestFrame]byte
}

func openRTU(address string, timeout time.Duration) (conn, error) {
	c, err := net.DialTimeout("tcp", address, connectTimeout)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	r := &rtuOverTCP{conn: c, timeout: timeout}
	return client{r, silencer{c}}, nil
}

// SetUnitId says whom the next requests are for.
func (r *rtuOverTCP) SetUnitId(unit uint8) error {
	r.unit = unit
	return nil
}

// Close ends the connection.
func (r *rtuOverTCP) Close() error { return nil } // silencer does

// ReadCoils reads coils.
func (r *rtuOverTCP) ReadCoils(start, count uint16) ([]bool, error) {
	return r.readBits(fcReadCoils, start, count)
}

// ReadDiscreteInputs reads discrete inputs.
func (r *rtuOverTCP) ReadDiscreteInputs(start, count uint16) ([]bool, error) {
	return r.readBits(fcReadInputBits, start, count)
}

func (r *rtuOverTCP) readBits(function byte, start, count uint16) ([]bool, error) {
	data, err := r.read(function, start, count, (int(count)+7)/8)
	if err != nil {
		return nil, err
	}
	bits := make([]bool, count)
	for i := range bits {
		bits[i] = data[i/8]>>(i%8)&1 == 1
	}
	return bits, nil
}

// ReadRegisters reads holding or input registers.
func (r *rtuOverTCP) ReadRegisters(start, count uint16, kind modbus.RegType) ([]uint16, error) {
	function := byte(fcReadHolding)
	if kind == modbus.INPUT_REGISTER {
		function = fcReadInput
	}
	data, err := r.read(function, start, count, 2*int(count))
	if err != nil {
		return nil, err
	}
	registers := make([]uint16, count)
	for i := range registers {
		registers[i] = binary.BigEndian.Uint16(data[2*i:])
	}
	return registers, nil
}

// read returns the data of an answer, which has so many bytes.
func (r *rtuOverTCP) read(function byte, start, count uint16, size int) ([]byte, error) {
	frame, err := r.exchange(head(function, start, count), 3+size+2)
	if err != nil {
		return nil, err
	}
	if int(frame[2]) != size {
		return nil, modbus.ErrProtocolError
	}
	return frame[3 : 3+size], nil
}

// WriteCoil sets a coil.
func (r *rtuOverTCP) WriteCoil(at uint16, on bool) error {
	value := uint16(0)
	if on {
		value = coilOn
	}
	return r.write(head(fcWriteCoil, at, value))
}

// WriteRegister sets a register.
func (r *rtuOverTCP) WriteRegister(at, register uint16) error {
	return r.write(head(fcWriteRegister, at, register))
}

// WriteCoils sets coils.
func (r *rtuOverTCP) WriteCoils(start uint16, on []bool) error {
	data := make([]byte, (len(on)+7)/8)
	for i, b := range on {
		if b {
			data[i/8] |= 1 << (i % 8)
		}
	}
	return r.write(append(append(head(fcWriteCoils, start, uint16(len(on))), byte(len(data))), data...))
}

// WriteRegisters sets registers.
func (r *rtuOverTCP) WriteRegisters(start uint16, registers []uint16) error {
	request := append(head(fcWriteRegisters, start, uint16(len(registers))), byte(2*len(registers)))
	for _, n := range registers {
		request = binary.BigEndian.AppendUint16(request, n)
	}
	return r.write(request)
}

// write makes a request whose answer repeats its first five bytes.
func (r *rtuOverTCP) write(request []byte) error {
	frame, err := r.exchange(request, 1+5+2)
	if err != nil {
		return err
	}
	if string(frame[1:6]) != string(request[:5]) {
		return modbus.ErrProtocolError
	}
	return nil
}

// head begins a request: a function and two numbers.
func head(function byte, a, b uint16) []byte {
	return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16([]byte{function}, a), b)
}

// exchange sends a request and returns the frame of the answer, which has so
// many bytes unless it is an exception. It is valid until the next call.
func (r *rtuOverTCP) exchange(request []byte, size int) ([]byte, error) {
	frame := append([]byte{r.unit}, request...)
	frame = binary.LittleEndian.AppendUint16(frame, crc(frame))
	if err := r.conn.SetDeadline(time.Now().Add(r.timeout)); err != nil {
		return nil, err
	}
	if _, err := r.conn.Write(frame); err != nil {
		return nil, timedOut(err)
	}
	answer := r.buf[:leastFrame]
	if _, err := io.ReadFull(r.conn, answer); err != nil {
		return nil, timedOut(err)
	}
	if answer[0] != r.unit {
		return nil, modbus.ErrBadUnitId
	}
	if answer[1] == request[0]|exceptionBit {
		if !sound(answer) {
			return nil, modbus.ErrBadCRC
		}
		return nil, exceptionOf(answer[2])
	}
	if answer[1] != request[0] || size > longestFrame {
		return nil, modbus.ErrProtocolError
	}
	answer = r.buf[:size]
	if _, err := io.ReadFull(r.conn, answer[leastFrame:]); err != nil {
		return nil, timedOut(err)
	}
	if !sound(answer) {
		return nil, modbus.ErrBadCRC
	}
	return answer, nil
}

func timedOut(err error) error {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return modbus.ErrRequestTimedOut
	case errors.Is(err, io.ErrUnexpectedEOF):
		return modbus.ErrShortFrame
	}
	return err
}

// exceptionOf is the error that the library has for a code.
func exceptionOf(code byte) error {
	codes := map[byte]error{
		1: modbus.ErrIllegalFunction, 2: modbus.ErrIllegalDataAddress, 3: modbus.ErrIllegalDataValue, 4: modbus.ErrServerDeviceFailure,
		5: modbus.ErrAcknowledge, 6: modbus.ErrServerDeviceBusy, 8: modbus.ErrMemoryParityError,
		10: modbus.ErrGWPathUnavailable, 11: modbus.ErrGWTargetFailedToRespond,
	}
	if err, ok := codes[code]; ok {
		return err
	}
	return fmt.Errorf("unknown exception code (%d)", code)
}

// sound tells whether a frame ends with its CRC.
func sound(frame []byte) bool {
	end := len(frame) - 2
	return binary.LittleEndian.Uint16(frame[end:]) == crc(frame[:end])
}

// crc is the CRC-16 of Modbus: polynomial 0xA001, reflected, from 0xFFFF.
func crc(b []byte) uint16 {
	sum := uint16(0xffff)
	for _, c := range b {
		sum ^= uint16(c)
		for range 8 {
			carry := sum & 1
			sum >>= 1
			if carry == 1 {
				sum ^= 0xa001
			}
		}
	}
	return sum
}

// silencer throws away what comes on a connection to a gateway.
type silencer struct{ net.Conn }

func (s silencer) drain(silence time.Duration) (found bool, err error) {
	buffer := make([]byte, longestFrame)
	for end := time.Now().Add(mostSilences * silence); time.Now().Before(end); found = true {
		if err := s.SetReadDeadline(time.Now().Add(silence)); err != nil {
			return found, err
		}
		_, err := s.Read(buffer)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return found, nil
		}
		if err != nil {
			return found, err
		}
	}
	return found, errors.New("the line is never silent")
}
