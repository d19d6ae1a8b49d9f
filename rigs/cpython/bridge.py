"""A module _socket whose every call is made by @sockeye/compat-python, in another process.

install() it before anything imports socket. Each Python thread has a channel, a Unix socket, to a thread of the host,
where worker.ts makes the calls. Checks, values, errors, words and constants are the facade's; its names are the module's
where CPython's own _socket has them. What is done here is what having two processes takes: both have every descriptor,
and each thread of the host has a copy of the sockets it was asked about, so closing a socket closes all of them.
"""
import _socket as real
import array, builtins, io, itertools, json, math, os, sys, threading, types, warnings, weakref

# What is a list in Python and not a tuple: all of what a function returns (None), or parts of it.
LISTS = {"getaddrinfo": None, "if_nameindex": None, "recvmsg": [1], "recvmsg_into": [1], "recv_fds": [1],
         "gethostbyname_ex": [1, 2], "gethostbyaddr": [1, 2]}
# Which argument is a descriptor, by place and by name.
DESCRIPTORS = {"socket": (3, "fileno"), "close": (0, ""), "dup": (0, ""), "fromfd": (0, "fd")}
OWN = object()  # stands for the descriptor of the socket itself

crossed = []  # the names of the calls that crossed
classes = {"TypeError": TypeError, "ExceptionGroup": ExceptionGroup}
live = weakref.WeakValueDictionary()  # descriptor: State
channels = weakref.WeakValueDictionary()  # key: Channel
keys = itertools.count()
mine = threading.local()


class Channel:
    """This thread's way to a thread of the host."""

    def __init__(self):
        self.pipe = real.socket(fileno=listener._accept()[0])
        self.lock, self.busy, self.later, self.dropped, self.key = threading.RLock(), False, [], [], next(keys)
        channels[self.key] = self

    def __enter__(self):
        self.lock.acquire()

    def __exit__(self, *_):
        self.lock.release()
        self.free()
        while self.dropped:
            self.dropped.pop()()

    def free(self):
        """Has the host close what is closed here, unless the channel is in use: then its thread does it later."""
        while self.later and self.lock.acquire(False):
            try:
                if self.busy:
                    break
                self.ask("free", self.later.pop(), "")
            finally:
                self.lock.release()

    def ask(self, op, number, name, *args):
        """What the facade's function returned; raises what it raised."""
        with self.lock:
            self.busy = True
            try:
                return self.exchange([op, number, name, args])
            finally:
                self.busy = False

    def exchange(self, request):
        writing = Writing(request[2])
        text = json.dumps(writing.value(request)).encode()
        size = sum(map(len, writing.blobs))
        message = b"".join([len(text).to_bytes(4, "little"), size.to_bytes(4, "little"), text, *writing.blobs])
        rights = [(real.SOL_SOCKET, real.SCM_RIGHTS, array.array("i", writing.fds))] if writing.fds else []
        try:
            sent = self.pipe.sendmsg([message], rights)
            if sent < len(message):
                self.pipe.sendall(memoryview(message)[sent:])
            answer, control, _, _ = self.pipe.recvmsg(1 << 18, 2048, real.MSG_CMSG_CLOEXEC)
            while len(answer) < 8 or len(answer) < 8 + sum(array.array("I", answer[:8])):
                more = self.pipe.recv(1 << 20)
                if not more:
                    raise SystemError("the host has ended")
                answer += more
        except BaseException:
            # A signal's handler raised: nobody will read the answer.
            self.pipe.close()
            mine.__dict__.pop("channel", None)
            raise
        fds = array.array("i", b"".join([payload for _, _, payload in control]))
        blob = io.BytesIO(answer)
        text = blob.read(8 + array.array("I", answer[:4])[0])[8:]
        value, written, error = json.loads(text, object_hook=lambda plain: read(plain, fds, blob))
        for view, data in zip(writing.views, written):
            view[:] = data
        if error is not None:
            raise exception(*error)
        return value


def channel():
    # After fork(2) the parent's channels are not this process's.
    if mine.__dict__.setdefault("process", os.getpid()) != os.getpid():
        mine.__dict__.clear()
    if not hasattr(mine, "channel"):
        mine.process, mine.channel = os.getpid(), Channel()
    return mine.channel


class Writing:
    """Values as JSON, what JSON has no form for as {"$": tag, "v": value}; bytes and descriptors go beside it."""

    def __init__(self, name=""):
        # JavaScript has no memory that is read-only: to what writes into it, it is no memory.
        self.fds, self.views, self.blobs, self.fills = [], [], [], name.endswith("_into")

    def value(self, value):
        if isinstance(value, Descriptor):
            return self.descriptor(value)
        if isinstance(value, int) and abs(value) >= 1 << 53:
            return {"$": "int", "v": str(int(value))}
        if isinstance(value, float) and not math.isfinite(value):
            return {"$": "float", "v": json.dumps(value)}
        if value is None or isinstance(value, (int, float, str)):
            return value
        if isinstance(value, (list, tuple)):
            return [self.value(each) for each in value]
        if isinstance(value, dict):
            return {key: self.value(each) for key, each in value.items()}
        if isinstance(value, Tagged):
            return {"$": value.tag, "v": self.value(value.value)}
        if hasattr(value, "__next__"):
            return {"$": "iterator", "v": [self.value(each) for each in value]}
        if hasattr(value, "__index__"):
            return self.value(value.__index__())
        return self.memory(value)

    def memory(self, value):
        try:
            view = memoryview(value).cast("B")
            kind = "memory" if not view.readonly else "object" if self.fills else "bytes"
        except TypeError:
            kind = "object"
        if kind == "object":
            return {"$": "object", "v": type(value).__name__}
        if kind == "memory":
            self.views.append(view)
        self.blobs.append(view)
        return {"$": kind, "v": len(view)}

    def descriptor(self, fd):
        state = live.get(fd)
        if state is not None and fd.key in state.homes and not state.vanished():
            return {"$": "same", "v": state.homes[fd.key]}
        try:
            os.fstat(fd)
        except (OSError, OverflowError):
            return {"$": "closed", "v": 0}
        self.fds.append(int(fd))
        return {"$": "fd", "v": len(self.fds) - 1}


class Descriptor(int):
    """A descriptor of this process; where the channel of this key has a socket with it, that is meant."""
    key = None


class Tagged:
    """What JSON has no form for."""

    def __init__(self, tag, value):
        self.tag, self.value = tag, value


def rights(payload):
    """The payload of SCM_RIGHTS, its descriptors marked."""
    payload = bytes(payload)
    whole = len(payload) & ~3
    return Tagged("rights", [list(map(Descriptor, memoryview(payload)[:whole].cast("i"))), payload[whole:]])


def read(plain, fds, blob):
    """Of what the host says what JSON has no form for."""
    if "$" not in plain:
        return plain
    tag, value = plain["$"], plain["v"]
    if tag == "rights":
        return array.array("i", value[0]).tobytes() + value[1]
    kinds = {"bytes": blob.read, "fd": fds.__getitem__, "own": lambda _: OWN, "made": Made, "file": tuple}
    return kinds[tag](value)


class Made(list):
    """A socket that the facade made: its number there, its descriptor here, family, type, protocol and timeout."""


def exception(name, args):
    """One of Python's; of another name it is a mistake in JavaScript."""
    if name not in classes:
        return SystemError(name, *args)
    return classes[name](*[[exception(*each) for each in arg] if isinstance(arg, list) else arg for arg in args])


class State:
    """What is known of a socket: its descriptor, how to make copies of it, and its number in each channel."""

    def __init__(self, fd, known):
        self.fd, self.known, self.homes, self.closed, self.gone = fd, known, {}, False, False
        self.inode, self.lock = os.fstat(fd).st_ino, threading.RLock()
        live[fd] = self

    def vanished(self):
        """Whether the descriptor is not this socket's any more."""
        try:
            return self.closed or self.gone or os.fstat(self.fd).st_ino != self.inode
        except OSError:
            return True

    def number(self, way):
        """The socket's number in a channel, which gets a copy if it has none, and hears of a lost descriptor."""
        lost = self.vanished()
        with self.lock:
            number = self.homes.get(way.key)
            if number is None:
                number = way.ask("call", 0, "socket", *self.known[:3], None if lost else Descriptor(self.fd))[0]
                way.ask("method", number, "close" if self.closed else "settimeout", *self.known[3 + self.closed:])
                self.homes[way.key] = number
        if lost and not self.closed:
            self.gone = True
            self.drop(way)
            way.ask("forget", number, "")
        return number

    def drop(self, way=None):
        """Has the host close the copies of all channels, or of all but one."""
        for key in [key for key in self.homes if way is None or key != way.key]:
            number, other = self.homes.pop(key), channels.get(key)
            if other is not None:
                other.later.append(number)
                other.free()

    def end(self):
        self.closed = True
        self.drop(channel())
        if live.get(self.fd) is self:
            del live[self.fd]


def prepared(name, args, keywords, way):
    """The arguments for the host: descriptors marked, keywords as a last object."""
    args = list(args)
    place, word = DESCRIPTORS.get(name, (len(args), ""))
    for where, key in (args, place), (keywords, word):
        if (key in where if where is keywords else key < len(where)) and type(where[key]) is int and where[key] >= 0:
            where[key] = Descriptor(where[key])
            where[key].key = way.key
    if name == "sendmsg" and len(args) > 1:
        args[1] = carrying(args[1])
    elif name in ("send_fds", "recv_fds"):
        args[0] = Tagged("socket", args[0]._state.number(way))
        args[2] = [Descriptor(fd) for fd in args[2]] if name == "send_fds" else args[2]
    return (*args, keywords) if keywords else args


def carrying(control):
    """Control messages, the descriptors in them marked."""
    def marked(item):
        if not isinstance(item, tuple) or item[:2] != (real.SOL_SOCKET, real.SCM_RIGHTS) or len(item) != 3:
            return item
        return (*item[:2], rights(item[2]))
    if hasattr(control, "__next__"):
        return map(marked, control)
    return [*map(marked, control)] if isinstance(control, (list, tuple)) else control


def shaped(name, value, make):
    """What the host returned as Python has it."""
    def tuples(value):
        if isinstance(value, Made):
            return make(value)
        return tuple(map(tuples, value)) if isinstance(value, list) else value
    value = tuples(value)
    if isinstance(value, tuple) and name in LISTS:
        parts = LISTS[name]
        value = [list(each) if parts and at in parts else each for at, each in enumerate(value)]
        return value if parts is None else tuple(value)
    return value


def plain(made):
    return socket(-1, -1, -1, made)


def function(name, make=plain):
    """The module's function of a name."""
    def call(*args, **keywords):
        crossed.append(name)
        way = channel()
        with way:
            value = way.ask("call", 0, name, *prepared(name, args, keywords, way))
        if name == "close":
            if args[0] in live:
                live[args[0]].drop(way)
            os.close(args[0])
        return shaped(name, value, make)
    return call


def method(name, make=plain):
    """The socket's method of a name."""
    def call(self, *args, **keywords):
        crossed.append("socket." + name)
        way, state = channel(), self._state
        with way:
            number = state.number(way)
            if name not in ("settimeout", "setblocking"):
                value = way.ask("method", number, name, *prepared(name, args, keywords, way))
            else:
                with state.lock:
                    value = way.ask("method", number, name, *args)
                    state.known[3] = way.ask("get", number, "timeout")
                    state.drop(way)
        return state.fd if value is OWN else shaped(name, value, make)
    return call


def getter(name):
    def get(self):
        crossed.append("socket." + name)
        way = channel()
        with way:
            return way.ask("get", self._state.number(way), name)
    return property(get)


class socket:
    __slots__ = ("_state",)

    def __init__(self, *args, **keywords):
        made, way = args[3] if len(args) > 3 else keywords.get("fileno"), channel()
        given = made
        if not isinstance(given, Made):
            crossed.append("socket")
            with way:
                made = way.ask("call", 0, "socket", *prepared("socket", args, keywords, way))
        self._state = State(given if made[1] is OWN else made[1], made[2])
        self._state.homes[way.key] = made[0]

    def close(self, _close=method("close")):
        try:
            _close(self)
        finally:
            self._settle()

    def _settle(self):
        """Closes the descriptor here when the facade has closed its own."""
        way, state = channel(), self._state
        with way:
            if state.closed or way.ask("method", state.number(way), "fileno") is OWN:
                return
        state.end()
        if not state.gone:
            os.close(state.fd)

    def detach(self, _detach=method("detach")):
        fd = _detach(self)
        self._state.end()
        return fd

    def _accept(self, _accept=method("accept")):
        connection, address = _accept(self)
        return connection.detach(), address

    def __del__(self):
        if hasattr(self, "_state") and not sys.is_finalizing():
            finally_do(lambda: finalize(self))


def finally_do(what):
    """Does it now, or when this thread's call is over: objects are dropped at any time."""
    if channel().busy:
        channel().dropped.append(what)
    else:
        what()


def finalize(self):
    """A socket that is dropped open warns and is closed: Python's objects, Python's warning."""
    if not self._state.closed:
        warnings.warn(f"unclosed {self!r}", ResourceWarning, source=self, stacklevel=2)
        self.close()
    self._state.drop()


def install(path):
    """Listens for the host's threads, asks for the facade's names, and puts the module in its place."""
    global listener
    listener = real.socket(real.AF_UNIX, real.SOCK_STREAM)
    listener.bind(path)
    listener.listen(64)
    print("listening", flush=True)
    module = types.ModuleType("_socket")
    names, members = channel().ask("names", 0, "")
    for name, kind, value in names:
        if kind == "error":
            made = type(value, (OSError,), {"__module__": "socket"})
            classes.setdefault(value, getattr(builtins, value, made))
        if hasattr(real, name):
            made = {"error": classes.get, "constant": lambda value: value, "function": lambda _: function(name)}[kind]
            setattr(module, name, made(value))
    for name, kind in members:
        if hasattr(real.socket, name) and name not in socket.__dict__:
            setattr(socket, name, (getter if kind == "get" else method)(name))
    socket.__module__, socket.__doc__ = "_socket", "Sockeye's"
    module.socket = module.SocketType = socket
    module.CAPI = real.CAPI
    sys.modules["_socket"] = module
