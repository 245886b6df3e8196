// Package packettest is what tests build and check frames with, beyond package packet:
// they build ARP, IPv6, TCP and ICMPv6, take UDP and TCP apart, and verify every
// checksum of a frame. Its views are like packet's, of
// which it makes use; no program imports it. A builder panics where no such packet exists.
package packettest

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}
