package dissect

import "bytes"

// dhcpCookie begins the options (RFC 2131, 3).
var dhcpCookie = []byte{99, 130, 83, 99}

// dhcpOptions are the options whose value has a field of its own (RFC 2132), and of how
// many bytes each value is; 0: of all that there are.
var dhcpOptions = map[byte]struct {
	name string
	n    int
}{
	1:  {"dhcp.option.subnet_mask", 4},
	3:  {"dhcp.option.router", 4},
	6:  {"dhcp.option.domain_name_server", 4},
	12: {"dhcp.option.hostname", 0},
	15: {"dhcp.option.domain_name", 0},
	28: {"dhcp.option.broadcast_address", 4},
	50: {"dhcp.option.requested_ip_address", 4},
	51: {"dhcp.option.ip_address_lease_time", 4},
	53: {"dhcp.option.dhcp", 1},
	54: {"dhcp.option.dhcp_server_id", 4},
	55: {"dhcp.option.request_list_item", 1},
	58: {"dhcp.option.renewal_time_value", 4},
	59: {"dhcp.option.rebinding_time_value", 4},
}

// DHCP finds the fields of a BOOTP message and its DHCP options (RFC 2131, 2).
func DHCP(b []byte) Message {
	c := begin(b)
	hw, size := c.u8(1), c.u8(2)
	ok := c.take(1, "dhcp.type") && c.take(1, "dhcp.hw.type") && c.take(1, "dhcp.hw.len") && c.take(1, "dhcp.hops") &&
		c.take(4, "dhcp.id") && c.take(2, "dhcp.secs") && c.take(2, "dhcp.flags", "dhcp.flags.bc", "dhcp.flags.reserved") &&
		c.take(4, "dhcp.ip.client") && c.take(4, "dhcp.ip.your") && c.take(4, "dhcp.ip.server") && c.take(4, "dhcp.ip.relay")
	if ok && hw == 1 && size == 6 {
		ok = c.take(6, "dhcp.hw.mac_addr") && c.take(10, "dhcp.hw.addr_padding")
	} else if ok {
		ok = c.take(16)
	}
	if !ok || !c.take(64) || !c.take(128) { // the server's name, and the file's
		return c.done()
	}
	if !bytes.HasPrefix(b[c.at:], dhcpCookie) {
		return c.done()
	}
	c.take(4, "dhcp.cookie")
	for c.left() > 0 {
		kind := b[c.at]
		if kind == 0 { // padding, all of it at once
			n := 1
			for n < c.left() && b[c.at+n] == 0 {
				n++
			}
			c.put("dhcp.option.type", c.at, 1, nil)
			c.at += n
			continue
		}
		if !c.take(1, "dhcp.option.type") {
			break
		}
		if kind == 255 {
			c.put("dhcp.option.end", c.at-1, 1, nil)
			break
		}
		n := c.u8(0)
		if !c.take(1, "dhcp.option.length") {
			break
		}
		if n > c.left() {
			c.fail("cut short in an option")
			break
		}
		o := dhcpOptions[kind]
		if o.n == 0 {
			o.n = n
		}
		for at := 0; o.name != "" && n > 0 && at+o.n <= n; at += o.n {
			c.put(o.name, c.at+at, o.n, nil)
		}
		c.at += n
	}
	c.at = len(b)
	return c.done()
}
