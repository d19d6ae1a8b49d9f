"""The variant "full": what socket.py writes in Python is the facade's too."""
import contextlib, io, socket

import bridge

FUNCTIONS = ("create_connection", "create_server", "has_dualstack_ipv6", "fromfd", "socketpair", "getfqdn",
             "send_fds", "recv_fds")


def whole(made):
    """A socket.socket around a socket that the facade made."""
    return socket.socket(-1, -1, -1, made)


class File(contextlib.AbstractContextManager):
    """What makefile() gave: a file object of the facade's, which stays with the channel that made it."""

    def __init__(self, number, sock):
        self.__dict__.update(_number=number, _socket=sock, _way=bridge.channel())

    def __getattr__(self, name):
        # What is called has the same names in all of them.
        if any(callable(getattr(kind, name, None)) for kind in (io.TextIOWrapper, io.BufferedRWPair, socket.SocketIO)):
            return lambda *args, **keywords: self._ask("method", name, *args, **keywords)
        return self._ask("get", name)

    def _ask(self, op, name, *args, **keywords):
        bridge.crossed.append("file." + name)
        with self._way:
            value = self._way.ask(op, self._number, name, *bridge.prepared(name, args, keywords, self._way))
        if value is bridge.OWN:
            return self._socket._state.fd
        if name == "close":
            # Like CPython's, a closed file has no socket.
            sock, self.__dict__["_socket"] = self._socket, None
            if sock is not None:
                sock._settle()
        return value

    def __iter__(self):
        return iter(lambda: self._ask("next", "next"), None)

    def __next__(self):
        return next(iter(self))

    def __exit__(self, *_):
        self.close()

    def __repr__(self):
        return self._ask("method", "toString")

    def __del__(self):
        bridge.channel().later_or_now(self._dropped)

    def _dropped(self):
        with self._way:
            self._way.later.append(self._number)
        if self._socket is not None:
            self._socket._settle()


def makefile(self, *args, _call=bridge.method("makefile"), **keywords):
    return File(_call(self, *args, **keywords), self)


def close(self):
    self._closed = True
    bridge.socket.close(self)


def sendfile(self, file, *args, _call=bridge.method("sendfile"), **keywords):
    """The facade gets the descriptor, or where there is none the bytes; it says where the file is afterwards."""
    fd = data = None
    try:
        fd = bridge.Descriptor(file.fileno())
    except io.UnsupportedOperation:
        data = file.getvalue()
    sent = {"$": "file", "v": [fd, data, getattr(file, "mode", None)]}
    count, position = _call(self, sent, *args, **keywords)
    if position is not None:  # The facade has moved it.
        file.seek(position)
    return count


def sendfile_of_regular(self, file, *args, _own=socket.socket._sendfile_use_sendfile, **keywords):
    """Private, and CPython's own where it only says that a file is none."""
    return (sendfile if isinstance(file, (io.BufferedReader, io.TextIOBase)) else _own)(self, file, *args, **keywords)


def install():
    for name in FUNCTIONS:
        setattr(socket, name, bridge.function(name, whole))
    for name, call in {"makefile": makefile, "close": close, "sendfile": sendfile, "_sendfile_use_send": sendfile,
                       "_sendfile_use_sendfile": sendfile_of_regular}.items():
        setattr(socket.socket, name, call)
