package packettest

import (
	"encoding/binary"
	"net/netip"

	"wireloom/vnet/packet"
)

// SenderMAC is the sender's hardware address.
func SenderMAC(a packet.ARP) packet.MAC { return packet.MAC(a[8:14]) }

// TargetMAC is the target's hardware address; requests leave it zero.
func TargetMAC(a packet.ARP) packet.MAC { return packet.MAC(a[18:24]) }

// AppendARP appends a packet of 28 bytes. Both addresses are IPv4.
func AppendARP(b []byte, op uint16, senderMAC packet.MAC, senderIP netip.Addr, targetMAC packet.MAC, targetIP netip.Addr) []byte {
	sender, target := senderIP.As4(), targetIP.As4()
	b = append(b, 0, 1, 8, 0, 6, 4) // Ethernet and IPv4, and the lengths of their addresses
	b = binary.BigEndian.AppendUint16(b, op)
	b = append(append(b, senderMAC[:]...), sender[:]...)
	return append(append(b, targetMAC[:]...), target[:]...)
}
