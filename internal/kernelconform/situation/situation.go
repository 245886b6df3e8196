// Package situation has what was done to the recorded kernels, as Go that does the same to
// a node: a function a transcript.
package situation

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"wireloom/internal/kernelconform/peer"
	"wireloom/internal/kernelconform/transcript"
	"wireloom/vnet/kern"
)

// A Situation is a way to put questions to a kernel.
type Situation struct {
	Name string         // of the transcripts: "echo"
	Only []kern.Dialect // whose transcripts there are, where not all
	conf peer.Config
	run  func(n *peer.Node)
}

// Recorded says whether there is a transcript of a kernel of the dialect.
func (s Situation) Recorded(d kern.Dialect) bool {
	return d != kern.DragonFly && (s.Only == nil || slices.Contains(s.Only, d))
}

// Run puts it to a node and returns the transcript of that.
func (s Situation) Run(d kern.Dialect) (*transcript.Transcript, error) {
	text, err := s.Text(d)
	return transcript.Parse(Prefix(d)+"."+s.Name, text), err
}

// Text is the transcript as it is written.
func (s Situation) Text(d kern.Dialect) (string, error) {
	c := s.conf
	c.Dialect = d
	n, err := peer.New(c)
	if err != nil {
		return "", fmt.Errorf("%s.%s: %w", Prefix(d), s.Name, err)
	}
	defer n.Close()
	s.run(n)
	return n.Text(), nil
}

// Prefix is what the names of a dialect's transcripts begin with.
func Prefix(d kern.Dialect) string {
	return [...]string{kern.FreeBSD: "fbsd", kern.DragonFly: "dfly", kern.NetBSD: "nbsd", kern.Linux: "linux"}[d]
}

var (
	onlyFreeBSD = []kern.Dialect{kern.FreeBSD}
	onlyNetBSD  = []kern.Dialect{kern.NetBSD}
	nobody      = []kern.Dialect{} // no transcript: what a kernel does is known otherwise
	alone       = peer.Config{Alone: true}
	bare        = peer.Config{Bare: true}
	router      = peer.Config{Wires: 2, Forward: true}
)

// All are the situations.
var All = []Situation{
	{Name: "addr", Only: onlyFreeBSD, conf: bare, run: addr},
	{Name: "addrup", Only: nobody, conf: bare, run: addressUp},
	{Name: "arpabsent", conf: alone, run: arpAbsent},
	{Name: "arpabsent2", conf: alone, run: arpAbsent2},
	{Name: "arpage", conf: alone, run: arpAge},
	{Name: "arpq", run: arpQuestions},
	{Name: "backlog", run: backlog},
	{Name: "closewait", run: closeWait},
	{Name: "connref", run: connRefused},
	{Name: "data", run: dataLost},
	{Name: "dataslow", run: dataSlow},
	{Name: "delack", run: delayedAck},
	{Name: "echo", run: echo},
	{Name: "frag", run: fragments},
	{Name: "fwd", conf: router, run: forward},
	{Name: "fwd2", Only: onlyNetBSD, conf: router, run: forwardAgain},
	{Name: "held", run: held},
	{Name: "icmperr", run: icmpErrors},
	{Name: "isn", run: initialSeq},
	{Name: "keepalive", Only: onlyFreeBSD, run: sysctls},
	{Name: "loop", run: loopback},
	{Name: "moves", Only: nobody, run: moves},
	{Name: "overlap", Only: nobody, run: overlaps},
	{Name: "peerclose", run: peerCloses},
	{Name: "recvwin", run: receiveWindow},
	{Name: "redir", Only: onlyNetBSD, run: redirected},
	{Name: "rst", run: resets},
	{Name: "src", run: sources},
	{Name: "synack", run: synAck},
	{Name: "synretx", run: synAgain},
	{Name: "t9", Only: onlyNetBSD, run: udpErrorsAgain},
	{Name: "tcpabsent", conf: alone, run: tcpAbsent},
	{Name: "timewait", Only: onlyFreeBSD, run: timeWait},
	{Name: "timewait2", run: timeWait2},
	{Name: "udpq", run: udpQuestions},
	{Name: "v6", Only: onlyNetBSD, conf: bare, run: ipv6},
	{Name: "zerowin", run: zeroWindow},

	{Name: "stamped", Only: nobody, run: stamped},
	{Name: "nagle", Only: nobody, run: nagle},
	{Name: "keptalive", Only: nobody, run: keptAlive},
	{Name: "givenup", Only: nobody, run: givenUp},
	{Name: "fast", Only: nobody, run: fast},
	{Name: "closes", Only: nobody, run: closes},
	{Name: "pathtoolong", Only: nobody, run: pathTooLong},
	{Name: "probedfor", Only: nobody, conf: bare, run: probedFor},
	{Name: "several", Only: nobody, run: several},
	{Name: "tuned", Only: nobody, run: tuned},
	{Name: "tcp6", Only: nobody, run: tcp6},
	{Name: "router6", Only: nobody, conf: router, run: router6},
}

// Find is a situation by its name; false if there is none.
func Find(name string) (Situation, bool) {
	i := slices.IndexFunc(All, func(s Situation) bool { return s.Name == name })
	if i < 0 {
		return Situation{}, false
	}
	return All[i], true
}

const (
	ms = time.Millisecond
	// pause is how long the suite waits for an answer.
	pause = 300 * ms
)

// ask does something as a step, and shows what came of it.
func ask(n *peer.Node, title string, f func()) {
	n.Step("%s", title)
	f()
	n.Wait(pause)
	n.Show()
}

// phase waits for the moment of a second in which the recorded kernels were: those that
// look at whole seconds of their clock show it.
func phase(n *peer.Node) {
	n.Wait((1200*ms - n.Now()%time.Second) % time.Second)
}

// list is a list as the suite prints it.
func list(all []string) string {
	for i := range all {
		all[i] = "'" + all[i] + "'"
	}
	return "[" + strings.Join(all, ", ") + "]"
}

// frames are those seen since the step as a list.
func frames(n *peer.Node, keep func(f *transcript.Frame) bool) (out []string) {
	for _, f := range n.Frames() {
		if keep(&f) {
			out = append(out, f.Text)
		}
	}
	return out
}

func isTCP(f *transcript.Frame) bool { return f.Proto == "TCP" }
func isUDP(f *transcript.Frame) bool { return f.Proto == "UDP" }
