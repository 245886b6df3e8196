package decode

import "encoding/binary"

// StripTun returns the IP packet of what a program reads from or writes to a tun
// device: all of it; or what follows the address family that TUNSIFHEAD puts in
// front, four bytes in network order; or what follows the sockaddr of TUNSLMODE,
// whose first byte is its length. Which it is, the first byte tells: that of an IP
// packet begins with 4 or 6, a family's with 0, a sockaddr's with 1.
func StripTun(b []byte) []byte {
	switch {
	case len(b) == 0:
	case b[0]>>4 == 0 && len(b) >= 4 && binary.BigEndian.Uint32(b) < 256:
		return b[4:]
	case b[0]>>4 == 1 && len(b) >= int(b[0]):
		return b[b[0]:]
	}
	return b
}
