package boilerhouse

import (
	"context"
	"fmt"
	"io"
	"log"
	"math"
	"time"

	"github.com/simonvetter/modbus"
)

// Unit is the Modbus unit that the boiler answers as.
const Unit = 1

const (
	setpointRegister = 5
	burnerCoil       = 0
	modbusClients    = 64
	modbusIdle       = 10 * time.Minute
)

// ServeModbus answers Modbus TCP on an address such as "127.0.0.1:1502" until
// the context ends. It returns an error when it cannot listen there.
func ServeModbus(ctx context.Context, addr string, m *Model) error {
	server, err := modbus.NewServer(&modbus.ServerConfiguration{
		URL:        "tcp://" + addr,
		Timeout:    modbusIdle,
		MaxClients: modbusClients,
		Logger:     log.New(io.Discard, "", 0),
	}, registers{m})
	if err != nil {
		return fmt.Errorf("modbus simulator on %q: %w", addr, err)
	}
	if err := server.Start(); err != nil {
		return fmt.Errorf("modbus simulator: %w", err)
	}
	<-ctx.Done()
	if err := server.Stop(); err != nil {
		return fmt.Errorf("modbus simulator: stop: %w", err)
	}
	return nil
}

// registers shows the model as the boiler's four Modbus tables.
type registers struct{ model *Model }

func (r registers) HandleHoldingRegisters(q *modbus.HoldingRegistersRequest) ([]uint16, error) {
	if q.UnitId != Unit {
		return nil, modbus.ErrGWTargetFailedToRespond
	}
	if q.IsWrite {
		return nil, r.writeHolding(q)
	}
	v := r.model.Read()
	table := make([]uint16, 0, setpointRegister+1)
	table = appendUint32(table, math.Float32bits(float32(v.Temperature)))
	table = appendUint32(table, math.Float32bits(float32(v.Flow)))
	table = append(table, v.Level, v.Setpoint)
	return window(table, q.Addr, q.Quantity)
}

// writeHolding takes the setpoint; the registers before it are measured.
func (r registers) writeHolding(q *modbus.HoldingRegistersRequest) error {
	if q.Addr != setpointRegister || q.Quantity != 1 {
		return modbus.ErrIllegalDataAddress
	}
	r.model.SetSetpoint(q.Args[0])
	return nil
}

func (r registers) HandleInputRegisters(q *modbus.InputRegistersRequest) ([]uint16, error) {
	if q.UnitId != Unit {
		return nil, modbus.ErrGWTargetFailedToRespond
	}
	return window(appendUint32(nil, r.model.Read().RunSeconds), q.Addr, q.Quantity)
}

func (r registers) HandleCoils(q *modbus.CoilsRequest) ([]bool, error) {
	if q.UnitId != Unit {
		return nil, modbus.ErrGWTargetFailedToRespond
	}
	if !q.IsWrite {
		return window([]bool{r.model.Read().Burner}, q.Addr, q.Quantity)
	}
	if q.Addr != burnerCoil || q.Quantity != 1 {
		return nil, modbus.ErrIllegalDataAddress
	}
	r.model.SetBurner(q.Args[0])
	return nil, nil
}

func (r registers) HandleDiscreteInputs(q *modbus.DiscreteInputsRequest) ([]bool, error) {
	if q.UnitId != Unit {
		return nil, modbus.ErrGWTargetFailedToRespond
	}
	return window([]bool{r.model.Read().Flame}, q.Addr, q.Quantity)
}

// window cuts the asked part out of a table that starts at address 0.
func window[T any](table []T, addr, quantity uint16) ([]T, error) {
	from, to := int(addr), int(addr)+int(quantity)
	if to > len(table) {
		return nil, modbus.ErrIllegalDataAddress
	}
	return table[from:to], nil
}

// appendUint32 puts the high word first.
func appendUint32(table []uint16, v uint32) []uint16 {
	return append(table, uint16(v>>16), uint16(v))
}
