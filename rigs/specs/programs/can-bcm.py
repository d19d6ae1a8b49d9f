"""python-can over the kernel's broadcast manager, driven by lines: "<command> <arguments>"; each answers with lines of its own.

usage: can-bcm.py <interface>
  periodic <id> <hex> <seconds>   sends by the broadcast manager
  modify <hex>                    changes what is sent
  stop                            ends it
  receive <id> <count>            prints so many frames with this identifier
"""

import sys

import can

bus = can.Bus(sys.argv[1], interface="socketcan")
task = None
identifier = 0


def message(identifier, text):
    data = bytes.fromhex(text)
    return can.Message(arbitration_id=identifier, data=data, is_extended_id=False)


for line in sys.stdin:
    command, *words = line.split()
    if command == "periodic":
        identifier = int(words[0], 16)
        task = bus.send_periodic(message(identifier, words[1]), float(words[2]))
        print("ok", type(task).__name__, flush=True)
    elif command == "modify":
        task.modify_data(message(identifier, words[0]))
        print("ok", flush=True)
    elif command == "stop":
        task.stop()
        print("ok", flush=True)
    elif command == "receive":
        wanted, left = int(words[0], 16), int(words[1])
        print("ok", flush=True)
        while left > 0:
            got = bus.recv(20)
            if got is None:
                print("nothing", flush=True)
                break
            if got.arbitration_id == wanted:
                left -= 1
                print(f"{got.timestamp:.6f} {got.data.hex()}", flush=True)
bus.shutdown()
