"""N hosts of Mininet on a switch: the first pings the last, once.

    firstping.py N

Prints how many nanoseconds it took from nothing to the answer, and 0. Exits 1 if the ping
was lost.
"""

import sys
import time

from mininet.net import Mininet
from mininet.nodelib import LinuxBridge
from mininet.topo import SingleSwitchTopo

began = time.monotonic_ns()
net = Mininet(topo=SingleSwitchTopo(int(sys.argv[1])), switch=LinuxBridge, controller=None)
net.start()
out = net.hosts[0].cmd(f"ping -c1 {net.hosts[-1].IP()}")
took = time.monotonic_ns() - began
net.stop()
if " 0% packet loss" not in out:
    sys.exit(out)
print(took, 0)
