"""Does the sequences of calls that come as JSON; prints what came of each. What is done is told in sequences.ts, beside it."""
import json
import os
import re
import select
import socket
import sys

SETTLE = 0.02


class Here:
    def __init__(self, sequence):
        self.sockets, self.detached, self.numbers, self.rooms = [], [], [], []
        self.numbered = sequence.get("numbered")
        for each in sequence["sockets"]:
            self.add(socket.socket(*each))

    def add(self, one):
        if one.gettimeout() is None:
            one.settimeout(0)
        self.sockets.append(one)
        if self.numbered is not None:
            number = str(one.getsockname()[self.numbered])
            if int(number) > 0 and number not in self.numbers:
                self.numbers.append(number)
        return ["socket", int(one.family), int(one.type), one.proto, one.gettimeout()]

    def value(self, value):
        if isinstance(value, list):
            return tuple(map(self.value, value))
        if not isinstance(value, dict):
            return value
        (kind, given), = value.items()
        if kind == "bytes":
            return bytes.fromhex(given)
        if kind == "fill":
            return (b"ab\nc" * (given // 4 + 1))[:given]
        if kind == "int":
            return int(given)
        if kind == "own":
            return self.sockets[given % len(self.sockets)].getsockname()
        self.rooms.append(bytearray(given))
        return self.rooms[-1]

    def shown(self, value):
        if isinstance(value, socket.socket):
            return self.add(value)
        if isinstance(value, (bytes, bytearray)):
            return {"bytes": value.hex()}
        if isinstance(value, (list, tuple)):
            return [self.shown(one) for one in value]
        if isinstance(value, int) and not isinstance(value, bool):
            return int(value) if abs(value) < 1 << 53 else str(value)
        return value

    def made(self, name, one, args):
        if name == "twin":
            return socket.socket(fileno=one.fileno())
        if name == "repr":
            return re.sub(r"fd=\d+", "fd=N", repr(one))
        if name == "fileno":
            return one.fileno() >= 0
        if name == "detach":
            fd = one.detach()
            if fd >= 0:
                self.detached.append(fd)
            return fd >= 0
        return getattr(one, name)(*args)

    def quiet(self):
        sockets = [one for one in self.sockets if one.fileno() >= 0]
        heard = select.select(sockets, [], [], 0)[0]
        return [one for one in sockets if one not in heard]

    def do(self, name, at, *args):
        self.rooms = []
        quiet = self.quiet() if name.startswith("send") else None
        try:
            one = self.sockets[at % len(self.sockets)]
            result = self.shown(self.made(name, one, [self.value(arg) for arg in args]))
            if self.rooms:
                result = [result, self.shown(self.rooms)]
            if quiet is not None:
                select.select(quiet, [], [], SETTLE)
        except Exception as error:
            result = {"error": type(error).__name__, "words": str(error), "errno": getattr(error, "errno", None)}
        text = json.dumps(result)
        for at, number in enumerate(self.numbers):
            text = text.replace(number, "99900%d" % at)
        return json.loads(text)

    def end(self):
        for close in [one.close for one in self.sockets] + [lambda fd=fd: os.close(fd) for fd in self.detached]:
            try:
                close()
            except OSError:
                pass


out = []
for sequence in json.load(sys.stdin):
    here = Here(sequence)
    timed = [["settimeout", at, sequence["timeout"]] for at in range(len(sequence["sockets"]))]
    out.append([here.do(*call) for call in sequence["setup"] + timed + sequence["calls"]])
    here.end()
print(json.dumps(out))
