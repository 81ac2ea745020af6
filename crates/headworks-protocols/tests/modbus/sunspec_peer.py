"""SunSpec as the alliance's own program knows it: a device, a reader and the published layouts.

usage: sunspec_peer.py serve PORT     a device with every model that Headworks knows, by pymodbus
       sunspec_peer.py read PORT      what pysunspec2 reads from a device, scaled, as JSON
       sunspec_peer.py layout         the published layouts of those models, as JSON
"""

import asyncio
import json
import sys

import sunspec2.device
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice
from sunspec2.modbus.client import SunSpecModbusClientDeviceTCP

BASE = 40000
KNOWN = [1, 101, 102, 103, 111, 112, 113, 120, 121, 122, 123, 124, 160]
KNOWN += [201, 202, 203, 204, 211, 212, 213, 214, 701, 702, 802]
# 705 is a curve that Headworks has no table of.
SERVED = [1, 103, 120, 121, 122, 123, 160, 124, 203, 203, 113, 213, 701, 702, 705, 802]
INPUTS = 3
WHO = {"Mn": "Acme", "Md": "Roof 10", "Vr": "2.1", "SN": "SN-4711"}


def number(kind, seed):
    """A value that no other point has nearby; every fifth point has none."""
    if seed % 5 == 4:
        return None
    value = 100 + 7 * seed % 9000
    if kind == "int16" and seed % 3 == 0:
        return -value
    if kind == "float32":
        return value + 0.5
    if kind in ("acc32", "uint32", "bitfield32"):
        return value * 1000
    if kind in ("acc64", "uint64"):
        return value * 10**9
    return value


def value(kind, seed):
    if kind == "sunssf":
        return None if seed % 31 == 0 else seed % 7 - 4
    if kind == "string":
        return f"text {seed}"
    if kind == "pad":
        return None
    return number(kind, seed)


def fill(points, seed):
    for name, point in points.items():
        seed += 1
        if name in ("ID", "L", "N"):
            continue
        point.set_value(value(point.pdef["type"], seed))
    return seed


def registers():
    data = bytearray(b"SunS")
    seed = 0
    for number_of in SERVED:
        counts = {160: {"N": INPUTS, "module": [{}] * INPUTS}, 705: {"NPt": 1, "NCrv": 1}}
        model = sunspec2.device.Model(number_of, data=counts.get(number_of))
        seed = fill(model.points, seed)
        if number_of == 160:
            for module in model.groups["module"]:
                seed = fill(module.points, seed)
        if number_of == 705:
            model.points["NPt"].set_value(1)
            model.points["NCrv"].set_value(1)
        if number_of == 1:
            for name, text in WHO.items():
                model.points[name].set_value(text)
        body = model.get_mb()
        assert len(body) == 2 * (model.points["L"].value + 2), (number_of, len(body))
        data += body
    data += b"\xff\xff\x00\x00"
    return [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]


async def serve(port):
    words = registers()
    few = [SimData(0, values=[False] * 16, datatype=DataType.BITS)]
    device = SimDevice(
        id=1,
        simdata=(
            few,
            few,
            [SimData(BASE, values=words, datatype=DataType.REGISTERS)],
            [SimData(0, values=[0] * 16, datatype=DataType.REGISTERS)],
        ),
    )
    await ModbusTcpServer([device], address=("127.0.0.1", port)).serve_forever()


def read(port):
    device = SunSpecModbusClientDeviceTCP(slave_id=1, ipaddr="127.0.0.1", ipport=port)
    device.scan()
    models = []
    for model in device.model_list:
        values = model.get_dict(computed=True)
        assert not model.error_info, model.error_info
        points = {name: values[name] for name in model.points}
        if model.model_id == 160:
            for at, module in enumerate(values["module"], 1):
                points.update({f"{name}[{at}]": one for name, one in module.items()})
        models.append({"id": model.model_id, "address": model.model_addr, "points": points})
    device.close()
    return models


def layout_of(points):
    rows, offset = [], 0
    for point in points:
        row = {key: point.get(key) for key in ("name", "type", "size", "sf", "units")}
        rows.append({**row, "offset": offset})
        offset += point["size"]
    return rows


def layout():
    models = {}
    for number_of in KNOWN:
        group = sunspec2.device.get_model_def(number_of)["group"]
        inputs = layout_of(group["groups"][0]["points"]) if number_of == 160 else []
        models[number_of] = {"points": layout_of(group["points"]), "inputs": inputs}
    return models


way, *port = sys.argv[1:]
if way == "serve":
    asyncio.run(serve(int(port[0])))
elif way == "read":
    print(json.dumps(read(int(port[0]))))
else:
    print(json.dumps(layout()))
