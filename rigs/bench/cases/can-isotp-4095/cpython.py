from isotp import end
from turns import turns

sender = end(0x7E0, 0x7E8)
receiver = end(0x7E8, 0x7E0)
message = bytes(4095)


def run(n):
    for _ in range(n):
        sender.send(message)
        if len(receiver.recv(8192)) != 4095:
            raise RuntimeError("a part only")


turns(run)
