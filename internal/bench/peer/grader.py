"""The least that a grader built on Mininet does: start two hosts and a switch, ping
three times, stop.

    grader.py [INTERVAL]

Its whole process is timed by the caller. It runs in a network and mount namespace of
its own. Exits 1 if a ping was lost.
"""

import sys

from mininet.net import Mininet
from mininet.nodelib import LinuxBridge
from mininet.topo import SingleSwitchTopo

net = Mininet(topo=SingleSwitchTopo(2), switch=LinuxBridge, controller=None)
net.start()
a, b = net.hosts
out = a.cmd(f"ping -c3 -i{sys.argv[1] if len(sys.argv) > 1 else '1'} {b.IP()}")
net.stop()
if " 0% packet loss" not in out:
    sys.exit(out)
