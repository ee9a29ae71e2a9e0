package modbus

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

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
)

// frames are a way to carry requests where answers have no number.
type frames interface {
	// exchange sends a request to a unit, and returns its answer: unit, function
	// and data, so many bytes unless it is an exception, which is an error. It is
	// valid until the next call.
	exchange(unit uint8, request []byte, size int) ([]byte, error)
	Close() error
}

// framed are the functions over frames.
type framed struct {
	frames
	unit uint8
}

// SetUnitId says whom the next requests are for.
func (f *framed) SetUnitId(unit uint8) error {
	f.unit = unit
	return nil
}

// ReadCoils reads coils.
func (f *framed) ReadCoils(start, count uint16) ([]bool, error) {
	return f.readBits(fcReadCoils, start, count)
}

// ReadDiscreteInputs reads discrete inputs.
func (f *framed) ReadDiscreteInputs(start, count uint16) ([]bool, error) {
	return f.readBits(fcReadInputBits, start, count)
}

func (f *framed) readBits(function byte, start, count uint16) ([]bool, error) {
	data, err := f.read(function, start, count, (int(count)+7)/8)
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
func (f *framed) ReadRegisters(start, count uint16, kind modbus.RegType) ([]uint16, error) {
	function := byte(fcReadHolding)
	if kind == modbus.INPUT_REGISTER {
		function = fcReadInput
	}
	data, err := f.read(function, start, count, 2*int(count))
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
func (f *framed) read(function byte, start, count uint16, size int) ([]byte, error) {
	frame, err := f.exchange(f.unit, head(function, start, count), 3+size)
	if err != nil {
		return nil, err
	}
	if int(frame[2]) != size {
		return nil, modbus.ErrProtocolError
	}
	return frame[3 : 3+size], nil
}

// WriteCoil sets a coil.
func (f *framed) WriteCoil(at uint16, on bool) error {
	value := uint16(0)
	if on {
		value = coilOn
	}
	return f.write(head(fcWriteCoil, at, value))
}

// WriteRegister sets a register.
func (f *framed) WriteRegister(at, register uint16) error {
	return f.write(head(fcWriteRegister, at, register))
}

// WriteCoils sets coils.
func (f *framed) WriteCoils(start uint16, on []bool) error {
	data := make([]byte, (len(on)+7)/8)
	for i, b := range on {
		if b {
			data[i/8] |= 1 << (i % 8)
		}
	}
	return f.write(append(append(head(fcWriteCoils, start, uint16(len(on))), byte(len(data))), data...))
}

// WriteRegisters sets registers.
func (f *framed) WriteRegisters(start uint16, registers []uint16) error {
	request := append(head(fcWriteRegisters, start, uint16(len(registers))), byte(2*len(registers)))
	for _, n := range registers {
		request = binary.BigEndian.AppendUint16(request, n)
	}
	return f.write(request)
}

// write makes a request whose answer repeats its first five bytes.
func (f *framed) write(request []byte) error {
	frame, err := f.exchange(f.unit, request, 1+5)
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
