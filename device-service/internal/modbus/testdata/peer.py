"""A Modbus TCP server that is not ours: register n holds n, but for 100-104,
which it does not have; every third coil is on. Usage: peer.py port [rtu]"""
import sys

from pymodbus.datastore import (
    ModbusSequentialDataBlock,
    ModbusServerContext,
    ModbusSlaveContext,
    ModbusSparseDataBlock,
)
from pymodbus.server import StartTcpServer

registers = {n: n for n in range(1000) if not 100 <= n < 105}
bits = [n % 3 == 0 for n in range(3000)]
device = ModbusSlaveContext(
    hr=ModbusSparseDataBlock(registers),
    ir=ModbusSparseDataBlock(registers),
    co=ModbusSequentialDataBlock(0, bits),
    di=ModbusSequentialDataBlock(0, bits),
    zero_mode=True,
)
framing = {}
if sys.argv[2:] == ["rtu"]:
    from pymodbus.transaction import ModbusRtuFramer

    framing = {"framer": ModbusRtuFramer}
StartTcpServer(
    **framing,
    context=ModbusServerContext(slaves=device, single=True),
    address=("127.0.0.1", int(sys.argv[1])),
)
