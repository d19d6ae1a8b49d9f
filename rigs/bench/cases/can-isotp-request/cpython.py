from isotp import end
from turns import turns

tester = end(0x7E0, 0x7E8)
ecu = end(0x7E8, 0x7E0)
request = b"\x22\xf1\x90"
answer = b"\x62\xf1\x90\x01\x02"


def run(n):
    for _ in range(n):
        tester.send(request)
        if len(ecu.recv(4096)) != 3:
            raise RuntimeError("another request")
        ecu.send(answer)
        if len(tester.recv(4096)) != 5:
            raise RuntimeError("another answer")


turns(run)
