"""A pymodbus server with known data: registers 0.. of each table as the tests expect them.

usage: pymodbus_server.py tcp|rtu_over_tcp|ascii_over_tcp PORT
       pymodbus_server.py tls PORT CERTIFICATE KEY CLIENT_CA
       pymodbus_server.py rtu|ascii SERIAL_PORT
"""

import asyncio
import ssl
import sys

from pymodbus import FramerType
from pymodbus.server import ModbusSerialServer, ModbusTcpServer, ModbusTlsServer
from pymodbus.simulator import DataType, SimData, SimDevice


def words(text):
    digits = bytes.fromhex(text)
    return [int.from_bytes(digits[at : at + 2], "big") for at in range(0, len(digits), 2)]


def holding():
    """Registers 0..99 are 1000..1099; from 100 on stand values in every byte order."""
    registers = list(range(1000, 1100))
    registers += words(
        "12345678 56781234 34127856 78563412"  # 100: uint32 0x12345678
        "42F6E979 E97942F6 F64279E9 79E9F642"  # 108: float32 123.456
        "40FE240C9FBE76C9 76C99FBE240C40FE"  # 116: float64 123456.789
        "FE400C24BE9FC976 C976BE9F0C24FE40"  # 124
        "FFFE1DC0"  # 132: int32 -123456
        "FFFFFEE08E04FB35"  # 134: int64 -1234567890123
        "1234 12345678"  # 138: bcd16, bcd32
        "3C00"  # 141: float16 1.0
        "80FF"  # 142: int8_high -128, int8 -1
        "48656164776F726B73000000"  # 143: "Headworks"
        "7FC00000 7F800000"  # 149: NaN, infinity
        "FFFFFFFFFFFFFFFF"  # 153: uint64, greatest
        "8000"  # 157: int16, least
        "0008"  # 158: bit 3
    )
    return registers + [0] * (300 - len(registers))


def device(number):
    bits = DataType.BITS
    return SimDevice(
        id=number,
        simdata=(
            [SimData(0, values=[False] * 96, datatype=bits)],
            [SimData(0, values=[True, False] * 48, datatype=bits)],
            [SimData(0, values=holding(), datatype=DataType.REGISTERS)],
            [SimData(0, values=list(range(2000, 2100)), datatype=DataType.REGISTERS)],
        ),
    )


def server(way, target, files):
    devices = [device(1), device(2)]
    framers = {
        "tcp": FramerType.SOCKET,
        "tls": FramerType.SOCKET,
        "rtu": FramerType.RTU,
        "rtu_over_tcp": FramerType.RTU,
        "ascii": FramerType.ASCII,
        "ascii_over_tcp": FramerType.ASCII,
    }
    framer = framers[way]
    if way in ("rtu", "ascii"):
        return ModbusSerialServer(devices, framer=framer, port=target, baudrate=19200)
    address = ("127.0.0.1", int(target))
    if way == "tls":
        certificate, key, client_ca = files
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
        return ModbusTlsServer(devices, framer=framer, address=address, sslctx=context)
    return ModbusTcpServer(devices, framer=framer, address=address)


async def main():
    way, target, *files = sys.argv[1:]
    await server(way, target, files).serve_forever()


asyncio.run(main())
