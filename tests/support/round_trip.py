#!/usr/bin/python3
"""How long a byte takes there and back over TCP.

    round_trip.py answer ADDRESS    prints a line when it listens, and ends when it is asked no more
    round_trip.py ask ADDRESS       prints the median in seconds
"""
import socket
import statistics
import sys
import time

PORT = 7000
ROUNDS = 300


def answer(address):
    with socket.create_server((address, PORT)) as server:
        server.settimeout(10)
        print("listens", flush=True)
        asker, _ = server.accept()
        with asker:
            while byte := asker.recv(1):
                asker.send(byte)


def ask(address):
    seconds = []
    with socket.create_connection((address, PORT)) as answerer:
        answerer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(ROUNDS):
            time.sleep(0.001)
            began = time.perf_counter()
            answerer.send(b"x")
            answerer.recv(1)
            seconds.append(time.perf_counter() - began)
    print(statistics.median(seconds))


if __name__ == "__main__":
    {"answer": answer, "ask": ask}[sys.argv[1]](sys.argv[2])
