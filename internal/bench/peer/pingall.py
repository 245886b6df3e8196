"""Each of N hosts of Mininet pings each other once: net.pingAll().

    pingall.py N

Prints how many nanoseconds that took, without start and stop, and 0. Exits 1 if a
ping was lost.
"""

import sys
import time

from mininet.net import Mininet
from mininet.nodelib import LinuxBridge
from mininet.topo import SingleSwitchTopo

net = Mininet(topo=SingleSwitchTopo(int(sys.argv[1])), switch=LinuxBridge, controller=None)
net.start()
began = time.monotonic_ns()
lost = net.pingAll(timeout=1)
took = time.monotonic_ns() - began
net.stop()
if lost:
    sys.exit(f"{lost}% lost")
print(took, 0)
