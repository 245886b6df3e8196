"""What a packet test written with scapy costs: an ARP request to the kernel's stack
behind a veth, and its answer.

    expect.py MODE COUNT

MODE is srp1, which opens a socket and a sniffer for each request, as is usual, or
open, which keeps one socket. It runs in a network namespace of its own, that the
caller made, and prints "ns_wall ns_cpu" of one round trip.
"""

import logging
import os
import subprocess
import sys
import time

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.all import ARP, Ether, conf, srp1  # noqa: E402

PEER = "answers"


def ip(args):
    subprocess.run(["ip", *args.split()], check=True)


def main():
    mode, count = sys.argv[1], int(sys.argv[2])
    # The other end is in a namespace below, which goes with this process.
    keeper = subprocess.Popen(["unshare", "-n", "sh", "-c", "echo ready; exec sleep 60"], stdout=subprocess.PIPE)
    keeper.stdout.readline()
    try:
        ip(f"link add v0 type veth peer name {PEER} netns {keeper.pid}")
        for args in (["addr", "add", "10.0.0.1/24", "dev", PEER], ["link", "set", PEER, "up"]):
            subprocess.run(["nsenter", "-t", str(keeper.pid), "-n", "ip", *args], check=True)
        ip("link set v0 up")
        mac = "02:00:00:00:00:09"
        time.sleep(0.3)  # until the link is up on both ends
        conf.ifaces.reload()
        request = Ether(src=mac, dst="ff:ff:ff:ff:ff:ff") / ARP(hwsrc=mac, psrc="10.0.0.9", pdst="10.0.0.1")
        sock = conf.L2socket(iface="v0") if mode == "open" else None
        wall, cpu = time.monotonic(), time.process_time()
        for _ in range(count):
            if sock:
                answer = sock.sr1(request, timeout=1, verbose=0)
            else:
                answer = srp1(request, iface="v0", timeout=1, verbose=0)
            if answer is None:
                sys.exit("a request was not answered")
        wall, cpu = time.monotonic() - wall, time.process_time() - cpu
        print(f"{wall * 1e9 / count:.1f} {cpu * 1e9 / count:.1f}")
    finally:
        keeper.kill()
        os.waitpid(keeper.pid, 0)


main()
