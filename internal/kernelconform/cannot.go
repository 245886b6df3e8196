package main

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"wireloom/internal/kernelconform/transcript"
)

// A cause says of what in the transcripts our node can't be equal to, and why. What no run
// can repeat is not here: package transcript makes it relative.
type cause struct {
	file  string // the transcript, or what its name begins or ends with
	step  string // a part of the step's title; "" for any
	field string // "" for any
	about string // a part of what was recorded; "" for any
	near  int    // counts may be off by so much; 0: the difference may be any
	why   string
}

// excuse is the place in cannot of why a difference is none of our node's; -1 if it is.
func excuse(file string, d transcript.Difference) int {
	return slices.IndexFunc(cannot, func(c cause) bool { return c.covers(file, d) })
}

// covers says whether a difference is of the cause.
func (c *cause) covers(file string, d transcript.Difference) bool {
	return strings.Contains(file, c.file) && strings.Contains(d.Step, c.step) && (c.field == "" || c.field == d.Field) &&
		strings.Contains(d.Want+d.Got, c.about) && (c.near == 0 || nearly(d.Got, d.Want, c.near))
}

var digits = regexp.MustCompile(`\d+`)

// nearly says whether texts differ in their numbers alone, and in those by little.
func nearly(a, b string, most int) bool {
	if digits.ReplaceAllString(a, "#") != digits.ReplaceAllString(b, "#") {
		return false
	}
	x, y := digits.FindAllString(a, -1), digits.FindAllString(b, -1)
	for i := range x {
		p, errP := strconv.Atoi(x[i])
		q, errQ := strconv.Atoi(y[i])
		if errP != nil || errQ != nil || p-q > most || q-p > most {
			return false
		}
	}
	return true
}

const (
	synTimer  = "the port's timer of SYN+ACKs does not work: tcp_syncache.c sends again after 3, 9 and 21 s"
	loopBroke = "the port's loopback does not work"
	noRSTs    = "the suite saw none of the port's RSTs in this run; another saw 199 of 600"
	second    = "what was sent before in the same second counts against the limit"
	suitePace = "how the suite's pace falls into seconds"
	drift     = "the rump kernel's clock and the suite's went apart while it sent (33 requests in 31.7 s)"
	late      = "the rump kernel was run late, once"
	slow      = "the suite saw a flight in two parts: the rump kernel was slow"
	race      = "the error came after the next send; the transcript t9 has the same question, answered thrice"
	garbage   = "the kernel quotes memory that it has not written: a bug of that version"
	noError   = "the suite missed the error in this run; another saw it"
	sigpipe   = "SIGPIPE ended the suite's process"
	primed    = "the kernel's answer to the suite's first request came late"
	ends      = "the transcript ends within this step"
	mtuDisc   = "the suite ended before it saw something; tcp_subr.c, tcp_mtudisc sends at once what is not acknowledged"
	chance    = "reports come at times of chance, and the transcript begins when the interface was up; a row counts them"
	again     = "a report is sent again within ten seconds, by chance"
	smallPort = "it is made of how much memory the kernel has for packets"
	aName     = "its value is the name of an interface, and the suite read a number"
	nothing   = "there is nothing here that it would change"
	blackhole = "the port sets it"
	batch     = "the rump kernel took the ten segments late, together"
)

var cannot = []cause{
	{"fbsd.synack", "SYN, never acknowledged", "frame", "", 0, synTimer},
	{"fbsd.synack", "data on SYN", "time", "", 0, synTimer},
	{"fbsd.loop", "", "", "", 0, loopBroke},
	{"fbsd.icmperr", "bursts", "note", "RSTs", 0, noRSTs},
	{"fbsd.echo", "400 echo requests", "", "", 2, second},
	{"icmperr", "bursts", "note", "3000 in", 0, suitePace},
	{"nbsd.arpabsent", "a datagram each", "time", "", 0, drift},
	{"nbsd.arpabsent", "a datagram each", "frame", "", 0, drift},
	{"nbsd.tcpabsent", "connect to absent", "time", "42.305", 0, late},
	{"nbsd.dataslow", "60000 bytes", "note", "", 0, slow},
	{"nbsd.connref", "e=0 sent=4", "note", "icmp 3/3 then send:", 0, race},
	{"nbsd.fwd", "bad option length", "note", "", 0, garbage},
	{"nbsd.fwd", "absent host", "time", "0.884", 0, late},
	{"nbsd.fwd", "router alert", "frame", "", 0, ends},
	{"nbsd.redir", "after fragmentation needed", "frame", "", 0, mtuDisc},
	{"nbsd.v6", "interface up:", "", "", 0, chance},
	{"nbsd.v6", "fd00::1/64 set:", "time", "1.409", 0, again},
	{"fbsd.keepalive", "", "ip.maxfragpackets", "", 0, smallPort},
	{"fbsd.keepalive", "", "icmp.reply_src", "", 0, aName},
	{"fbsd.keepalive", "", "udp.blackhole", "", 0, blackhole},
	{"fbsd.keepalive", "", "blackhole", "", 0, blackhole},
	{"fbsd.keepalive", "", "syncookies", "", 0, nothing},
	{"fbsd.keepalive", "", "ecn.enable", "", 0, nothing},
	{"fbsd.keepalive", "", "isn_reseed_interval", "", 0, nothing},
	{"fbsd.keepalive", "", "log_arp_wrong_iface", "", 0, nothing},
	{"fbsd.keepalive", "", "useloopback", "", 0, nothing},
	{"nbsd.fwd2", "1400 bytes DF", "", "", 0, noError},
	{"nbsd.delack", "RST exact", "note", "send:", 0, sigpipe},
	{"nbsd.peerclose", "shutdown(WR)", "note", "TIMEOUT", 0, sigpipe},
	{"nbsd.rst", "closed: SYN (seq", "frame", "ARP", 0, primed},
	{"nbsd.delack", "ten small", "time", "", 0, batch},
}
