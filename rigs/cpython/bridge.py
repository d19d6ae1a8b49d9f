"""A module _socket whose every call is made by @sockeye/compat-python, in another process.

Import it before anything imports socket. A Python thread has a channel (a Unix socket) to a thread of the host, which makes
the calls; host.ts has the other end, and what the bytes mean. Names and their kinds are those that CPython's own _socket
has and the facade has too; values, checks, errors and words are the facade's. What is done here: both processes hold each
descriptor, and each thread of the host a copy of what it was asked about, so closing one closes all.
"""
import _socket as real
import array
import builtins
import itertools
import os
import struct
import sys
import threading
import types
import warnings
import weakref

CLASSES = {}
# Where Python has lists: in what a function returns, the positions of them, or all of it.
LISTS = {"getaddrinfo": None, "if_nameindex": None, "recvmsg": (1,), "recvmsg_into": (1,), "recv_fds": (1,),
         "gethostbyname_ex": (1, 2), "gethostbyaddr": (1, 2)}
# Which argument is a descriptor.
DESCRIPTORS = {"socket": (3, "fileno"), "close": (0, "fd"), "dup": (0, "fd"), "fromfd": (0, "fd")}
crossed = []  # the names of the calls that crossed


class State:
    """What this side knows of a socket: its descriptor here, and what each channel calls it."""

    def __init__(self, fd, known):
        self.fd, self.known, self.homes = fd, known, {}
        self.inode = os.fstat(fd).st_ino
        self.closed = self.gone = False
        live[fd] = self

    def vanished(self):
        """Whether something else has closed the descriptor."""
        try:
            return os.fstat(self.fd).st_ino != self.inode
        except OSError:
            return True

    def drop(self, channel=None):
        """Has every channel but this one forget the socket and close its copy."""
        for key, number in list(self.homes.items()):
            if channel is None or key != channel.key:
                del self.homes[key]
                other = channels.get(key)
                if other is not None:
                    other.later.append(number)
                    other.drain()


live = weakref.WeakValueDictionary()
channels = weakref.WeakValueDictionary()
keys = itertools.count()


class Channel:
    """This thread's way to a thread of the host."""

    def __init__(self):
        self.socket = real.socket(fileno=listener._accept()[0])
        self.lock, self.later, self.finals = threading.Lock(), [], []
        self.key = next(keys)
        channels[self.key] = self

    def drain(self):
        """Has the host forget what nobody needs any more, unless the channel is busy: then whoever has it does it."""
        while self.later and self.lock.acquire(False):
            try:
                while self.later:
                    self.exchange(("free", self.later.pop(), "", ()))
            finally:
                self.lock.release()

    def ask(self, op, number, name, args):
        """The host's answer; raises what the facade raised."""
        with self.lock:
            answer = self.exchange((op, number, name, args))
        self.drain()
        while self.finals:
            finalize(self.finals.pop())
        return answer

    def exchange(self, request):
        out = Writer()
        out.value(request)
        try:
            rights = [(real.SOL_SOCKET, real.SCM_RIGHTS, array.array("i", out.fds))] if out.fds else []
            message = struct.pack("<I", len(out.bytes)) + out.bytes
            sent = self.socket.sendmsg([message], rights)
            if sent < len(message):
                self.socket.sendall(memoryview(message)[sent:])
            data, fds = self.receive()
        except BaseException:
            # A signal's handler raised: the answer will come to nobody.
            self.socket.close()
            if getattr(mine, "channel", None) is self:
                del mine.channel
            raise
        into = Reader(data, fds)
        value = into.value()
        for buffer in out.writable:
            buffer[:] = into.value()
        return value

    def receive(self):
        data, ancillary, _flags, _address = self.socket.recvmsg(1 << 16, 2048, real.MSG_CMSG_CLOEXEC)
        fds = array.array("i")
        for _level, _type, payload in ancillary:
            fds.frombytes(payload)
        while len(data) < 4 or len(data) < 4 + struct.unpack_from("<I", data)[0]:
            more = self.socket.recv(1 << 20)
            if not more:
                raise SystemError("the host has ended: " + repr(bytes(data)))
            data += more
        return memoryview(data)[4:], fds


class Writer:
    """Values as bytes, and the descriptors that go with them."""

    def __init__(self):
        self.bytes, self.fds, self.writable = bytearray(), [], []

    def sized(self, tag, data):
        self.bytes += tag + struct.pack("<I", len(data)) + data

    def many(self, tag, values):
        self.bytes += tag + struct.pack("<I", len(values))
        for value in values:
            self.value(value)

    def value(self, value):
        if value is None or value is True or value is False:
            self.bytes += {None: b"N", True: b"T", False: b"F"}[value]
        elif isinstance(value, int):
            self.sized(b"i", str(int(value)).encode())
        elif isinstance(value, float):
            self.bytes += b"d" + struct.pack("<d", value)
        elif isinstance(value, str):
            self.sized(b"s", value.encode("utf-16-le", "surrogatepass"))
        elif isinstance(value, bytes):
            self.sized(b"b", value)
        elif isinstance(value, (tuple, list)):
            self.many(b"(", value)
        elif isinstance(value, dict):
            self.many(b"{", [each for pair in value.items() for each in pair])
        elif isinstance(value, Descriptor):
            value.write(self)
        elif hasattr(value, "__next__"):
            self.many(b"g", list(value))
        elif hasattr(value, "__index__"):
            self.value(value.__index__())
        else:
            self.other(value)

    def other(self, value):
        try:
            view = memoryview(value).cast("B")
        except TypeError:
            self.value_of_class(value)
        else:
            self.sized(b"b" if view.readonly else b"w", view)
            if not view.readonly:
                self.writable.append(view)

    def value_of_class(self, value):
        self.sized(b"o", type(value).__name__.encode("utf-16-le"))

    def pass_on(self, fd):
        """A descriptor for the host, which gets another number for it; one that is closed here is none there."""
        try:
            os.fstat(fd)
        except (OSError, OverflowError):
            self.bytes += b"x"
        else:
            self.bytes += b"f" + struct.pack("<I", len(self.fds))
            self.fds.append(fd)


class Descriptor:
    """A number that stands for a descriptor of this process."""

    def __init__(self, fd, key):
        self.fd, self.key = fd, key

    def write(self, out):
        state = live.get(self.fd)
        if state is not None and self.key in state.homes and not state.closed and not state.vanished():
            out.bytes += b"@" + struct.pack("<I", state.homes[self.key])
        else:
            out.pass_on(self.fd)


class Rights(Descriptor):
    """The payload of SCM_RIGHTS, whole numbers and what is left over."""

    def __init__(self, payload):
        self.payload = bytes(payload)

    def write(self, out):
        whole = len(self.payload) // 4
        out.bytes += b"r" + struct.pack("<I", whole)
        for (fd,) in struct.iter_unpack("i", self.payload[:4 * whole]):
            out.pass_on(fd)
        out.sized(b"b", self.payload[4 * whole:])


class Reader:
    """Bytes as values."""

    def __init__(self, data, fds):
        self.data, self.fds, self.at = data, fds, 0

    def number(self, form="<I"):
        (value,) = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return value

    def taken(self):
        size = self.number()
        self.at += size
        return self.data[self.at - size:self.at]

    def value(self):
        tag = chr(self.data[self.at])
        self.at += 1
        if tag in "NTF":
            return {"N": None, "T": True, "F": False}[tag]
        if tag == "i":
            return int(str(self.taken(), "ascii"))
        if tag == "d":
            return self.number("<d")
        if tag == "s":
            return str(self.taken(), "utf-16-le", "surrogatepass")
        if tag == "b":
            return bytes(self.taken())
        if tag == "(":
            return tuple([self.value() for _ in range(self.number())])
        if tag == "f":
            return self.fds[self.number()]
        if tag == "r":
            fds = [self.value() for _ in range(self.number())]
            return array.array("i", fds).tobytes() + self.value()
        if tag == "O":
            return OWN
        if tag == "S":
            return Made(self.value(), self.value(), self.value())
        raise raised(self.value(), self.value()) if tag == "E" else SystemError("bad tag " + tag)


OWN = object()  # the descriptor of the socket itself


class Made:
    """A socket that the facade made: what the host calls it, its descriptor here, family, type, protocol and timeout."""

    def __init__(self, number, fd, known):
        self.number, self.fd, self.known = number, fd, known


def raised(name, args):
    """The exception of that name; an exception that is not Python's is a mistake in JavaScript."""
    if name not in CLASSES:
        return SystemError(name, *args)
    return CLASSES[name](*[raised(*each) if isinstance(each, tuple) else each for each in args])


mine = threading.local()


def channel():
    if getattr(mine, "process", None) != os.getpid():
        # In a child by fork(2) the parent's channels are not to be touched.
        mine.process = os.getpid()
        mine.channel = Channel()
    elif not hasattr(mine, "channel"):
        mine.channel = Channel()
    return mine.channel


def number_of(state, way):
    """What this thread's host calls the socket; it gets a copy when it has none yet."""
    number = state.homes.get(way.key)
    if number is None:
        vanished = state.closed or state.gone or state.vanished()
        fd = None if vanished else Descriptor(state.fd, None)
        number = way.ask("attach", 0, "closed" if state.closed else "", (fd, *state.known)).number
        state.homes[way.key] = number
    if not state.closed and not state.gone and state.vanished():
        state.gone = True
        state.drop(way)
        way.ask("forget", number, "", ())
    return number


def prepared(name, args, keywords, way):
    """The arguments as the host takes them: descriptors as such, keywords as a last object."""
    args = list(args)
    position, word = DESCRIPTORS.get(name, (len(args), None))
    if len(args) > position and type(args[position]) is int and args[position] >= 0:
        args[position] = Descriptor(args[position], way.key)
    if type(keywords.get(word)) is int and keywords[word] >= 0:
        keywords = {**keywords, word: Descriptor(keywords[word], way.key)}
    if name in ("sendmsg", "sendmsg_afalg") and len(args) > 1:
        args[1] = with_rights(args[1])
    return (*args, keywords) if keywords else tuple(args)


def with_rights(ancillary):
    """Control messages with the descriptors that they carry."""
    try:
        generator = hasattr(ancillary, "__next__")
        items = [(level, kind, Rights(data)) if (level, kind) == (real.SOL_SOCKET, real.SCM_RIGHTS) else (level, kind, data)
                 for level, kind, data in (list(ancillary) if generator else ancillary)]
    except (TypeError, ValueError):
        return ancillary
    return iter(items) if generator else items


def shaped(name, value):
    if name not in LISTS or not isinstance(value, tuple):
        return value
    positions = LISTS[name]
    if positions is None:
        return list(value)
    return tuple([list(each) if at in positions else each for at, each in enumerate(value)])


def wrapped(value, make):
    if isinstance(value, Made):
        return make(value)
    return tuple([wrapped(each, make) for each in value]) if isinstance(value, tuple) else value


def function(name, make=None):
    def call(*args, **keywords):
        crossed.append(name)
        way = channel()
        value = way.ask("call", 0, name, prepared(name, args, keywords, way))
        if name == "close":
            os.close(args[0])
        return shaped(name, wrapped(value, make or plain))
    call.__name__ = call.__qualname__ = name
    return call


def method(name, make=None):
    def call(self, *args, **keywords):
        crossed.append("socket." + name)
        way, state = channel(), self._state
        number = number_of(state, way)
        value = way.ask("method", number, name, prepared(name, args, keywords, way))
        if name in ("settimeout", "setblocking"):
            state.known = (*state.known[:3], way.ask("get", number, "timeout", ()))
            state.drop(way)
        return state.fd if value is OWN else shaped(name, wrapped(value, make or plain))
    call.__name__ = call.__qualname__ = name
    return call


def getter(name):
    def get(self):
        crossed.append("socket." + name)
        way = channel()
        return way.ask("get", number_of(self._state, way), name, ())
    return property(get)


close, detach, accept = method("close"), method("detach"), method("accept")


class socket:
    __slots__ = ("_state",)

    def __init__(self, *args, **keywords):
        fileno = args[3] if len(args) > 3 else keywords.get("fileno")
        made = fileno
        way = channel()
        if not isinstance(fileno, Made):
            crossed.append("socket")
            made = way.ask("new", 0, "", prepared("socket", args, keywords, way))
        self._state = State(fileno if made.fd is None else made.fd, made.known)
        self._state.homes[way.key] = made.number

    def close(self):
        state, own = self._state, not self._state.closed
        try:
            close(self)
        finally:
            forget(state)
        if own:
            os.close(state.fd)

    def detach(self):
        fd = detach(self)
        forget(self._state)
        return fd

    def _accept(self):
        connection, address = accept(self)
        return connection.detach(), address

    def __del__(self):
        if hasattr(self, "_state") and not sys.is_finalizing():
            busy = getattr(mine, "channel", None)
            if busy is not None and busy.lock.locked():
                busy.finals.append(self)
            else:
                finalize(self)


def forget(state):
    state.closed = True
    state.drop(channel())
    if live.get(state.fd) is state:
        del live[state.fd]


def finalize(self):
    """CPython's own: an object that is dropped open warns, and is closed."""
    state = self._state
    if not state.closed:
        warnings.warn(f"unclosed {self!r}", ResourceWarning, source=self, stacklevel=2)
        try:
            self.close()
        except OSError:
            pass
    state.drop()


def plain(made):
    return socket(-1, -1, -1, made)


def install(path):
    """Listens for the host's threads, asks it for the facade's names, and puts the module in its place."""
    global listener
    listener = real.socket(real.AF_UNIX, real.SOCK_STREAM)
    listener.bind(path)
    listener.listen(64)
    print("listening", flush=True)
    module = types.ModuleType("_socket", "Sockeye's")
    facade, members = channel().ask("names", 0, "", ())
    for name, kind, value in facade:
        if kind == "error" and value not in CLASSES:
            CLASSES[value] = getattr(builtins, value, None) or type(value, (OSError,), {"__module__": "socket"})
    CLASSES.setdefault("TypeError", TypeError)
    CLASSES.setdefault("ExceptionGroup", ExceptionGroup)
    for name, kind, value in facade:
        if not hasattr(real, name) or name == "SocketType":
            continue
        if kind == "function":
            setattr(module, name, function(name))
        else:
            setattr(module, name, CLASSES[value] if kind == "error" else value)
    for name, kind in members:
        if hasattr(real.socket, name) and name not in socket.__dict__:
            setattr(socket, name, getter(name) if kind == "get" else method(name))
    socket.__module__ = "_socket"
    module.socket = module.SocketType = socket
    module.CAPI = real.CAPI
    sys.modules["_socket"] = module
