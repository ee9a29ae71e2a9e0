"""A Modbus server that is not ours: register n holds n, but for 100-104, which
it does not have; every third coil is on. Usage: peer.py PORT [rtu], with frames
of RTU over TCP, or peer.py DEVICE serial|ascii (115200 8N1)."""
import sys

from pymodbus.datastore import (
    ModbusSequentialDataBlock,
    ModbusServerContext,
    ModbusSlaveContext,
    ModbusSparseDataBlock,
)
from pymodbus.server import StartSerialServer, StartTcpServer
from pymodbus.transaction import ModbusAsciiFramer, ModbusRtuFramer

registers = {n: n for n in range(1000) if not 100 <= n < 105}
bits = [n % 3 == 0 for n in range(3000)]
device = ModbusSlaveContext(
    hr=ModbusSparseDataBlock(registers),
    ir=ModbusSparseDataBlock(registers),
    co=ModbusSequentialDataBlock(0, bits),
    di=ModbusSequentialDataBlock(0, bits),
    zero_mode=True,
)
context = ModbusServerContext(slaves=device, single=True)
where, how = sys.argv[1], sys.argv[2:]
if how in (["serial"], ["ascii"]):
    framer = ModbusRtuFramer if how == ["serial"] else ModbusAsciiFramer
    StartSerialServer(context=context, framer=framer, port=where, baudrate=115200, parity="N")
elif how == ["rtu"]:
    StartTcpServer(context=context, framer=ModbusRtuFramer, address=("127.0.0.1", int(where)))
else:
    StartTcpServer(context=context, address=("127.0.0.1", int(where)))
