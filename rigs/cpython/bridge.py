"""A module _socket whose every call is made by @sockeye/compat-python, in another process.

install() it before anything imports socket. Each Python thread has a channel, a Unix socket, to a thread of the host,
where worker.ts makes the calls. Checks, values, errors, words and constants are the facade's; its names are the module's
where CPython's own _socket has them. What is done here is what having two processes takes: both have every descriptor,
and each thread of the host has a copy of the sockets it was asked about, so closing a socket closes all of them.
"""
import _socket as real
import array, base64, builtins, contextlib, io, itertools, json, math, os, sys, threading, types, warnings, weakref

# What is a list in Python and not a tuple: all of what a function returns, or parts of it.
LISTS = {"getaddrinfo": [], "if_nameindex": [], "recvmsg": [1], "recvmsg_into": [1], "recv_fds": [1],
         "gethostbyname_ex": [1, 2], "gethostbyaddr": [1, 2]}
# What is a float in Python, however whole.
FLOATS = ("gettimeout", "getdefaulttimeout", "timeout")
# Which argument is a descriptor, by place and by name.
DESCRIPTORS = {"socket": (3, "fileno"), "close": (0, ""), "dup": (0, ""), "fromfd": (0, "fd")}
RIGHTS = (real.SOL_SOCKET, real.SCM_RIGHTS)
OWN = object()  # stands for the descriptor of the socket itself

crossed = []  # the names of the calls that crossed
classes = {**vars(io), **vars(builtins)}
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

    def later_or_now(self, what):
        """Does it when this thread's call is over: objects are dropped at any time."""
        self.dropped.append(what) if self.busy else what()

    def ask(self, op, number, name, *args):
        """What the facade's function returned; raises what it raised."""
        with self.lock:
            self.busy, fds, views, answer = True, array.array("i"), [], b""
            try:
                request = json.dumps(written([op, number, name, args], name, fds, views)).encode() + b"\n"
                try:
                    rights = [(*RIGHTS, fds)] if fds else []
                    self.pipe.sendall(request[self.pipe.sendmsg([request], rights):])
                    del fds[:]
                    while not answer.endswith(b"\n"):
                        part, control, _, _ = self.pipe.recvmsg(1 << 18, 2048, real.MSG_CMSG_CLOEXEC)
                        if not part:
                            raise SystemError("the host has ended")
                        answer += part
                        fds.frombytes(b"".join(payload for _, _, payload in control))
                except BaseException:
                    # A signal's handler raised: nobody will read the answer. Its traceback may keep the channel, closed.
                    channels.pop(self.key, None)
                    self.pipe.close()
                    mine.__dict__.pop("channel", None)
                    raise
                value, changed, error = json.loads(answer, object_hook=lambda plain: read(plain, fds))
                for view, data in zip(views, changed):
                    view[:] = data
                if error is not None:
                    raise exception(*error)
                return value
            finally:
                self.busy = False


def channel():
    if not hasattr(mine, "channel"):
        mine.channel = Channel()
    return mine.channel


def written(value, name, fds, views):
    """A value as JSON, what JSON has no form for as {"$": tag, "v": value}; descriptors go beside it."""
    def all_of(values):
        return [written(each, name, fds, views) for each in values]
    if isinstance(value, Descriptor):
        return value.written(fds)
    if name == "sendmsg" and isinstance(value, tuple) and value[:2] == RIGHTS and len(value) == 3:
        numbers = array.array("i", (payload := bytes(value[2]))[:len(payload) & ~3])
        value = (*RIGHTS, {"$": "rights", "v": [[*map(Descriptor, numbers)], payload[len(numbers) * 4:]]})
    if isinstance(value, float) or isinstance(value, int) and abs(value) >= 1 << 53:
        return {"$": "float" if isinstance(value, float) else "int", "v": json.dumps(value)}
    if value is None or isinstance(value, (int, str)):
        return value
    if isinstance(value, (list, tuple)):
        return all_of(value)
    if isinstance(value, dict):
        return dict(zip(value, all_of(value.values())))
    if hasattr(value, "__next__"):
        return {"$": "iterator", "v": all_of(value)}
    if hasattr(value, "__index__"):
        return written(value.__index__(), name, fds, views)
    try:
        view = memoryview(value).cast("B")
        # JavaScript has no memory that is read-only: to what writes into it, it is no memory.
        if not (view.readonly and name.endswith("into")):
            views += [] if view.readonly else [view]
            return {"$": "bytes" if view.readonly else "memory", "v": base64.b64encode(view).decode()}
    except TypeError:
        pass
    return {"$": "object", "v": type(value).__name__}


class Descriptor(int):
    """A descriptor of this process; where the channel of this key has a socket with it, that is meant."""
    key = None

    def written(self, fds):
        state = live.get(self)
        if state is not None and self.key in state.homes and not state.vanished():
            return {"$": "same", "v": state.homes[self.key]}
        if inode(self) is None:
            return {"$": "closed", "v": 0}
        fds.append(self)
        return {"$": "fd", "v": len(fds) - 1}


def inode(fd):
    """Of what has this number; None when nothing has."""
    with contextlib.suppress(OSError, OverflowError):
        return os.fstat(fd).st_ino


class Made(list):
    """A socket that the facade made: its number there, its descriptor here, family, type, protocol and timeout."""


def read(plain, fds):
    """Of what the host says what JSON has no form for."""
    kinds = {"bytes": base64.b64decode, "fd": fds.__getitem__, "own": lambda _: OWN, "made": Made, "file": int,
             "int": int, "error": known, "rights": lambda value: array.array("i", value[0]).tobytes() + value[1]}
    return kinds[plain["$"]](plain["v"]) if "$" in plain else plain


def known(name):
    """Python's class of errors of a name, or one for it."""
    return classes.setdefault(name, type(name, (OSError,), {"__module__": "socket"}))


def exception(name, args):
    """One of Python's; of another name it is a mistake in JavaScript."""
    parts = [[exception(*each) for each in arg] if isinstance(arg, list) else arg for arg in args]
    return classes.get(name, SystemError)(*parts)


class State:
    """What is known of a socket: its descriptor, how to make copies of it, and its number in each channel."""

    def __init__(self, fd, known):
        self.fd, self.known, self.homes, self.closed, self.gone = fd, known, {}, False, False
        self.inode, self.lock = inode(fd), threading.RLock()
        live[fd] = self

    def vanished(self):
        """Whether the descriptor is not this socket's any more."""
        return self.closed or self.gone or inode(self.fd) != self.inode

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
            number, other = self.homes.pop(key, None), channels.get(key)
            if number is not None and other is not None:
                other.later.append(number)
                other.free()

    def end(self):
        """Whether this is the first time: several threads may close a socket at once."""
        with self.lock:
            first, self.closed = not self.closed, True
        self.drop(channel())
        if live.get(self.fd) is self:
            del live[self.fd]
        return first


def prepared(name, args, keywords, way):
    """The arguments for the host: descriptors marked, keywords as a last object."""
    args = list(args)
    place, word = DESCRIPTORS.get(name, (len(args), ""))
    for where, key in (args, place), (keywords, word):
        if (key in where if where is keywords else key < len(where)) and type(where[key]) is int and where[key] >= 0:
            where[key] = Descriptor(where[key])
            where[key].key = way.key
    if name in ("send_fds", "recv_fds"):
        args[0] = {"$": "socket", "v": args[0]._state.number(way)}
        args[2] = [Descriptor(fd) for fd in args[2]] if name == "send_fds" else args[2]
    return (*args, keywords) if keywords else args


def shaped(name, value, make):
    """What the host returned as Python has it."""
    def tuples(value):
        if isinstance(value, Made):
            return make(value)
        return tuple(map(tuples, value)) if isinstance(value, list) else value
    value = float(value) if name in FLOATS and value is not None else tuples(value)
    if isinstance(value, tuple) and name in LISTS:
        value = [list(each) if at in LISTS[name] else each for at, each in enumerate(value)]
        return tuple(value) if LISTS[name] else value
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
            # Whether that is a descriptor at all, the facade has said.
            with contextlib.suppress(OSError, TypeError):
                os.close(args[0])
        return shaped(name, value, make)
    return call


def method(name, make=plain, op="method"):
    """The socket's method of a name, or what its attribute is got by."""
    def call(self, *args, **keywords):
        crossed.append("socket." + name)
        way, state = channel(), self._state
        with way:
            number = state.number(way)
            value = way.ask(op, number, name, *prepared(name, args, keywords, way))
            if name in ("settimeout", "setblocking"):
                with state.lock:
                    state.known[3] = way.ask("get", number, "timeout")
                    state.drop(way)
        return state.fd if value is OWN else shaped(name, value, make)
    return call


class socket:
    __slots__ = ("_state",)

    def __init__(self, *args, **keywords):
        way = channel()
        given = made = args[3] if len(args) > 3 else keywords.get("fileno")
        if not isinstance(made, Made):
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
        if state.end() and not state.gone:
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
            channel().later_or_now(lambda: finalize(self))


def finalize(self):
    """A socket that is dropped open warns and is closed: Python's objects, Python's warning. Nobody hears of an error."""
    with contextlib.suppress(OSError):
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
    # After fork(2) the parent's channel is not the child's.
    os.register_at_fork(after_in_child=lambda: mine.__dict__.clear())
    print("listening", flush=True)
    module = types.ModuleType("_socket")
    for name, value in channel().ask("names", 0, ""):
        if hasattr(real, name):
            setattr(module, name, function(name) if value is None else value)
    for name, member in vars(real.socket).items():
        if not name.startswith("_") and name not in vars(socket):
            setattr(socket, name, method(name) if callable(member) else property(method(name, op="get")))
    socket.__module__, socket.__doc__ = "_socket", "Sockeye's"
    module.socket = module.SocketType = socket
    module.CAPI = real.CAPI
    sys.modules["_socket"] = module
