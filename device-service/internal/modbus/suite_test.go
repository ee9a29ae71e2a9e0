package modbus

import (
	"testing"

	"sluice/device-service/internal/driver"
	"sluice/device-service/internal/drivertest"
)

func TestConformance(t *testing.T) {
	drivertest.Suite(t, drivertest.Harness{New: bench, Foreign: []string{"modbus.(*ModbusServer)"}})
}

func bench(t *testing.T) *drivertest.Bench {
	s := newSimulator(t)
	s.missing[span{holdingRegisters, 900, 10}] = true
	readOnly := resource("fixed", "Uint16", "HOLDING_REGISTERS", 30)
	readOnly.Writable = false
	return &drivertest.Bench{
		Driver: newTestDriver(t, Options{RegisterGap: 1000}),
		Devices: []driver.Device{
			tcpDevice("one", s.addr, nil), tcpDevice("two", s.addr, map[string]any{"UnitID": 2}),
			tcpDevice("three", s.addr, map[string]any{"UnitID": 3}),
		},
		Known: []drivertest.Known{
			{Resource: resource("a", "Uint16", "HOLDING_REGISTERS", 890), Value: uint16(890)},
			{Resource: resource("b", "Int32", "holding_registers", "912", isWordSwap, "true"), Value: int32(913<<16 | 912)},
			{Resource: resource("c", "Bool", "COILS", 6), Value: true},
			{Resource: resource("d", "Bool", "DISCRETES_INPUT", 7), Value: false},
			{Resource: resource("e", "Float64", "INPUT_REGISTERS", 5.0, rawType, "INT16"), Value: 5.0},
			{Resource: resource("g", "Uint8", "HOLDING_REGISTERS", "891.4-7"), Value: uint8(891 >> 4 & 15)},
			{Resource: resource("h", "Int16Array", "HOLDING_REGISTERS", 893, arraySize, 3), Value: []int16{893, 894, 895}},
			{Resource: resource("i", "BoolArray", "COILS", 6, arraySize, 4), Value: []bool{true, false, false, true}},
			{Resource: resource("j", "Uint16", "COILS", 6), Value: uint16(0x4992)},
			{Resource: resource("f", "Uint64", "INPUT_REGISTERS", 65532), Value: uint64(0xfffc_fffd_fffe_ffff)},
		},
		Refused: resource("missing", "Uint16", "HOLDING_REGISTERS", 905),
		Invalid: []drivertest.Invalid{
			{Resource: driver.Resource{Name: "empty", Type: "Int16"}, Attributes: []string{primaryTable}},
			{Resource: resource("misspelt", "Int16", "HOLDING_REGISTER", 1, "startAddress", 1), Attributes: []string{primaryTable, "startAddress"}},
			{Resource: resource("far", "Int32", "HOLDING_REGISTERS", 65535, isByteSwap, "maybe"), Attributes: []string{startingAddress, isByteSwap}},
			{Resource: resource("text", "String", "HOLDING_REGISTERS", 1.5), Attributes: []string{startingAddress, stringRegisterSize}},
			{Resource: resource("coil", "Int8", "COILS", 1), Attributes: []string{valueType}},
			{Resource: resource("raw", "Float32", "INPUT_REGISTERS", 1, rawType, "FLOAT64"), Attributes: []string{rawType}},
		},
		InvalidDevice:     tcpDevice("bad", "127.0.0.1:70000", map[string]any{"UnitID": 256, "Timeout": "soon", "Prot": 502}),
		InvalidProperties: []string{"Port", "UnitID", "Timeout", "Prot"},
		Writes: []driver.Write{
			{Resource: resource("w1", "Float32", "HOLDING_REGISTERS", 10), Value: float32(3.25)},
			{Resource: resource("w2", "String", "HOLDING_REGISTERS", 12, stringRegisterSize, 4), Value: "kettle"},
			{Resource: resource("w3", "Bool", "COILS", 9), Value: false},
			{Resource: resource("w4", "Bool", "HOLDING_REGISTERS", "40.3"), Value: true},
			{Resource: resource("w6", "Uint8", "HOLDING_REGISTERS", "41.4-7"), Value: uint8(9)},
			{Resource: resource("w7", "Float32Array", "HOLDING_REGISTERS", 50, arraySize, 2, byteOrder, "CDAB"), Value: []float32{1.5, -2}},
			{Resource: resource("w8", "BoolArray", "COILS", 20, arraySize, 3), Value: []bool{false, true, true}},
			{Resource: resource("w10", "Int32", "COILS", 30, isByteSwap, true, isWordSwap, true), Value: int32(-123456)},
			{Resource: resource("w9", "Uint32", "HOLDING_REGISTERS", 60, rawType, "BCD32"), Value: uint32(12345678)},
			{Resource: resource("w5", "Float64", "HOLDING_REGISTERS", 20, rawType, "UINT16"), Value: 60000.0},
		},
		ReadOnly: driver.Write{Resource: readOnly, Value: uint16(1)},
		Stop:     s.stop,
		Start:    func() { s.reset(); s.start(t) },
		Silence:  s.silent,
	}
}
