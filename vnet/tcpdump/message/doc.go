// Package message writes messages of DNS and DHCP as tcpdump does.
package message
