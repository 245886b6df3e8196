// Package kernel is what the kernels' TCPs differ in: numbers and habits, a table for each,
// with the file and function that they come from.
package kernel

import (
	"time"

	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/inet/tcp/wire"
)

// Values are the numbers and habits in which kernels differ, and its fields as many. A sysctl changes one while
// the host runs: it is read at each use. Sources are the kernels' files and functions:
// FreeBSD 9.1, DragonFly of 2005 to 2008, NetBSD 7.99 of 2016, Linux 6.1.
type Values struct {
	// Round trips and the retransmission timer.
	Tick              time.Duration // unit in which a round trip is measured: FreeBSD 1/hz, NetBSD PR_SLOWHZ (tcp_now of tcp_timer.c), Linux a microsecond
	Round             time.Duration // a timer fires at a multiple of this after its time: FreeBSD kern_timeout.c; 0: at its time
	Microsecond       bool          // round trips are smoothed as Linux does it: tcp_input.c, tcp_rtt_estimator
	RTOFirst          time.Duration // before a round trip is known: FreeBSD TCPTV_RTOBASE; NetBSD TCPTV_SRTTDFLT as tcp_newtcpcb scales it; Linux TCP_TIMEOUT_INIT
	RTOMin, RTOMax    time.Duration // net.inet.tcp.rexmit_min and TCPTV_REXMTMAX; NetBSD TCPTV_MIN; Linux TCP_RTO_MIN, TCP_RTO_MAX
	Slop              time.Duration // net.inet.tcp.rexmit_slop, added to each: FreeBSD tcp_timer.h, TCPT_RANGESET
	RTTPlus, RTTLess  int32         // ticks added to what a timestamp shows, taken off in the mean: FreeBSD tcp_input.c, TCP_TS_TO_TICKS, tcp_xmit_timer
	LosingShift       uint8         // how much of the mean goes into the deviation after many timeouts: tcp_timer.c, TCP_RTT_SHIFT
	SYNBackoff        []uint16      // factors for the SYN after n timeouts: FreeBSD tcp_timer.c, tcp_syn_backoff
	Backoff           []uint16      // factors for the n-th retransmission, the last for all after it: tcp_timer.c, tcp_backoff
	MaxSYN, MaxRexmit int           // retransmissions before it is given up: TCP_MAXRXTSHIFT; Linux tcp_syn_retries, tcp_retries2
	SYNShrink         int           // from this retransmission on a SYN asks neither for scaling nor for timestamps: FreeBSD tcp_timer.c, tcp_timer_rexmt; 0: never
	BadRexmit         bool          // a retransmission that was not needed is taken back: FreeBSD tcp_input.c, t_badrxtwin
	TailProbe         bool          // Linux tcp_output.c, tcp_schedule_loss_probe
	Jiffy             time.Duration // Linux 1/HZ: timers fire at the steps of its wheel, timer.c; 0: no wheel

	// Half-open connections.
	SYNACKFirst time.Duration // FreeBSD TCPTV_RTOBASE; NetBSD TCPTV_SRTTDFLT; Linux TCP_TIMEOUT_INIT
	SYNACKMax   int           // times a SYN+ACK is sent again: net.inet.tcp.syncache.rexmtlimit; Linux tcp_synack_retries
	SYNACKWhole time.Duration // instead: how long it is tried. NetBSD tcp_input.c, syn_cache_timer (tcp_keepinit)
	SynCache    int           // that a listener has at most; the oldest gives way. Ours: FreeBSD has 15,360 for all, NetBSD 10,255
	Half        HalfRule
	BacklogMax  int // kern.ipc.somaxconn

	// Other timers.
	KeepInit, KeepIdle, KeepInterval     time.Duration // net.inet.tcp.keepinit (0: none), keepidle, keepintvl
	KeepCount                            int           // net.inet.tcp.keepcnt
	AlwaysKeep                           bool          // net.inet.tcp.always_keepalive
	ProbeOptions                         bool          // probes have timestamps: Linux tcp_output.c, tcp_xmit_probe_skb
	DelayedACK                           bool          // net.inet.tcp.delayed_ack
	ACKDelay                             time.Duration // net.inet.tcp.delacktime; NetBSD TCP_DELACK_TICKS; Linux TCP_DELACK_MIN
	QuickACKs                            int           // segments that a new connection acknowledges at once: Linux tcp_input.c, tcp_enter_quickack_mode
	TimeWait                             time.Duration // 2 * net.inet.tcp.msl; Linux TCP_TIMEWAIT_LEN
	TimeWaitLocal, TimeWaitLoop          time.Duration // for peers on the link and the host itself, 0 for the same: NetBSD tcp_subr.c, tcp_msl_local, tcp_msl_loop
	FinWait2                             time.Duration // a closed connection whose peer does not close: keepcnt*keepintvl; Linux tcp_fin_timeout
	FinWait2Again                        time.Duration // then looked at so often, while the peer is heard: FreeBSD tcp_timer.c, tcp_timer_2msl; 0: no
	FinWait2Fast                         time.Duration // net.inet.tcp.finwait2_timeout: how long instead, if FastFinWait2
	FastFinWait2                         bool          // net.inet.tcp.fast_finwait2_recycle
	PersistMin, PersistMax, PersistLeast time.Duration // TCPTV_PERSMIN, TCPTV_PERSMAX; least before backing off: NetBSD tcp_output.c, tcp_setpersist
	PersistShift                         uint8         // of the same function
	ProbeOld                             bool          // a window probe is an old ACK without data, at the timeout: Linux tcp_output.c, tcp_write_wakeup

	// Sizes, in bytes.
	MSSDefault, MSSDefault6 int  // of a peer that names none: net.inet.tcp.mssdflt, v6mssdflt
	MSSMin                  int  // that a peer may name: net.inet.tcp.minmss; NetBSD tcp_subr.c, tcp_mss_from_peer
	MSSEcho                 bool // a SYN+ACK names the peer's if that is smaller: FreeBSD tcp_syncache.c, syncache_respond
	MSSCluster              int  // larger ones count in multiples of this: FreeBSD tcp_input.c, tcp_mss_update (MCLBYTES)
	SndBuf, RcvBuf          int  // net.inet.tcp.sendspace, recvspace
	RcvBufAccept            int  // of an accepted connection, 0 for the same
	SndBufMax, RcvBufMax    int  // up to which they grow by themselves: net.inet.tcp.sendbuf_max, recvbuf_max
	SndBufInc, RcvBufInc    int  // by how much: net.inet.tcp.sendbuf_inc, recvbuf_inc; 0: they do not
	BufRound                bool // they are rounded up to full segments: FreeBSD tcp_input.c, tcp_mss
	BufMax                  int  // kern.ipc.maxsockbuf
	Scale                   int  // of our windows; below 0 what BufMax needs
	SYNWindow, SYNACKWindow int  // the most that the first window is
	SndLow                  int  // low water mark of sending
	WriteChunk              int  // a write reaches TCP in pieces of this size: NetBSD uipc_socket.c, sosend (MCLBYTES); 0: whole
	WindowLinux             bool // windows are memory's, not bytes': Linux tcp_output.c, __tcp_select_window
	UpdateDouble, ReadACKs  bool // reading is told to the peer when the window has doubled, and when an ACK of more than a segment is due: Linux tcp.c, __tcp_cleanup_rbuf

	// Options.
	Layout                       wire.Layout
	RFC1323, SACK                bool          // net.inet.tcp.rfc1323, sack.enable
	NoScale, NoStamps            bool          // of RFC 1323: net.inet.tcp.win_scale, timestamps of NetBSD, negated
	DSACK                        bool          // what came twice is reported: RFC 2883
	SACKBlocks                   int           // that are kept for the peer: FreeBSD MAX_SACK_BLKS, NetBSD TCP_SACK_MAX
	MaxHoles                     int           // of the scoreboard: net.inet.tcp.sack.maxholes
	StampTick, StampBase         time.Duration // the timestamps' clock, and what it shows at time 0
	StampOwn                     bool          // it counts from 1 in each connection: NetBSD tcp_subr.c, ts_timebase
	StampRandom, StampRandomDial bool          // it has an offset of the connection's own, accepted or dialled: FreeBSD tcp_syncache.c, syncookie_generate; Linux secure_tcp_ts_off
	ECN                          bool          // a SYN that offers ECN is answered so: Linux tcp_ecn 2

	// Congestion.
	FirstSegments             int  // of the first flight; 0: as RFC 3390 has it, or as what follows says
	RFC3390                   bool // net.inet.tcp.rfc3390; else SlowStart segments, SlowStartLocal to a peer on the link
	SlowStart, SlowStartLocal int  // net.inet.tcp.slowstart_flightsize, local_slowstart_flightsize
	InitWin, InitWinLocal     int  // net.inet.tcp.init_win, init_win_local of NetBSD, which they stand for; 0: not there
	SYNAgainWindow            bool // the first flight is one segment if a SYN was sent again: NetBSD TF_SYN_REXMT; Linux tcp_init_transfer
	ABC                       bool // the window grows by bytes acknowledged: net.inet.tcp.rfc3465, NetBSD tcp_do_abc
	ABCGentle                 bool // with L=1: net.inet.tcp.abc.aggressive is 0 on NetBSD
	Cubic                     bool // Linux tcp_cubic.c
	LimitedTransmit           bool // net.inet.tcp.rfc3042
	FACK                      bool // recovery begins, too, when the peer has three segments beyond a hole: NetBSD tcp_var.h, TCP_FACK_FASTRECOV
	GrowLimited               bool // only while the peer's window is not what limits: FreeBSD tcp_input.c, CCF_CWND_LIMITED; Linux tcp_is_cwnd_limited
	HalfAll                   bool // fast retransmit halves the congestion window even where the peer's is smaller: FreeBSD cc_newreno.c, newreno_cong_signal
	RecoveryNew               bool // in recovery new data is counted from its beginning: NetBSD tcp_output.c
	SACKOnly                  bool // where SACK was agreed only blocks tell of a loss: Linux tcp_input.c, tcp_time_to_recover
	HalfWindow                bool // segments are at most half of the peer's largest window: Linux tcp_bound_to_half_wnd
	Minshall                  bool // Nagle's algorithm looks at small segments only: Linux tcp_output.c, tcp_minshall_check
	TSOPush                   bool // PSH at the end of each burst that would be one packet of TSO: Linux tcp_output.c, __tcp_transmit_skb

	// Answers.
	SYNResets      bool          // a SYN in the window ends the connection: FreeBSD tcp_input.c, tcp_do_segment; else it is challenged
	ExactRST       bool          // a RST in the window but not at its start is challenged: RFC 5961, 3
	ChallengeACK   bool          // so is an ACK far behind what was acknowledged, and one of what was never sent gets no answer: Linux tcp_input.c, tcp_ack
	ChallengeLimit int           // challenges a second: NetBSD tcp_ackdrop_ppslim; Linux tcp_challenge_ack_limit; 0: no limit
	PAWSEmpty      bool          // a segment without data and with an old timestamp is answered, too: NetBSD tcp_input.c
	StrayRST       bool          // a listener answers a segment with none of SYN, RST and ACK by RST: NetBSD tcp_input.c, badsyn
	SYNFINDrop     bool          // a listener drops SYN+FIN: net.inet.tcp.drop_synfin
	RSTCountsFIN   bool          // the RST of no connection counts a FIN: Linux tcp_ipv4.c, tcp_v4_send_reset
	Blackhole      int           // net.inet.tcp.blackhole: closed ports are silent to 1 SYNs, 2 all
	RSTDF          bool          // it has DF: FreeBSD tcp_subr.c, tcp_respond
	CloseResets    bool          // close with unread data resets: Linux tcp.c, __tcp_close
	InvalidEvery   time.Duration // answers to a connection's invalid segments without data: Linux tcp_invalid_ratelimit; 0: no limit
	ErrorFirst     bool          // a write reports the pending error before EPIPE: Linux stream.c, sk_stream_error
	CloseWaitPipe  bool          // a reset after the peer's FIN is EPIPE: Linux tcp_input.c, tcp_reset
	DeafAfterFIN   bool          // data behind the peer's FIN is dropped without an answer: Linux tcp_input.c; the BSDs acknowledge and lose it
	TimeWaitOwn    bool          // TIME_WAIT is a state machine of its own: FreeBSD tcp_timewait.c, Linux tcp_minisocks.c
	TimeWaitRST    bool          // which a RST ends, and a SYN with a newer timestamp: Linux
	DFStops        int           // from this retransmission on DF is not set: NetBSD tcp_timer.c, t_mtudisc; 0: never
	IDs            bool          // a connection numbers its packets itself, all else has 0: Linux inet_id
	ICMPRule       ICMPRules
	ICMPKills      bool // net.inet.tcp.icmp_may_rst: closed ports, prohibited and expired end a connect at once
	ICMPAllKill    bool // all errors do: Linux tcp_ipv4.c, tcp_v4_err
	PMTUWaits      bool // a "too big" for less than the peer acknowledged in one piece waits for a timeout: NetBSD tcp_subr.c, tcp_ctlinput
	ISN            ISNRule
}

// HalfRule is whose SYN cache it is.
type HalfRule uint8

// Whose they are.
const (
	HalfFreeBSD HalfRule = iota // tcp_syncache.c: a full queue is seen at the ACK and answered by RST
	HalfNetBSD                  // tcp_input.c: at the SYN, which is dropped
	HalfLinux                   // tcp_minisocks.c, tcp_check_req: at both, which are dropped
)

// ICMPRules is whose errors ICMP becomes.
type ICMPRules uint8

// Whose they are.
const (
	ICMPFreeBSD ICMPRules = iota
	ICMPNetBSD
	ICMPLinux
)

// ISNRule is how initial sequence numbers are chosen.
type ISNRule uint8

// The rules.
const (
	ISNHashed ISNRule = iota // of the pair and a secret, and a clock: FreeBSD tcp_subr.c, tcp_new_isn; accepted ones are random
	ISNSteps                 // 16777216 more each half second and connection, and 24 random bits: NetBSD tcp_subr.c, tcp_new_iss1
	ISNClock                 // of the pair and a secret, and a clock of 64 ns: Linux secure_seq.c
)

var (
	backoffFreeBSD    = []uint16{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 512, 512, 512}
	backoffNetBSD     = []uint16{1, 2, 4, 8, 16, 32, 64, 64, 64, 64, 64, 64, 64}
	backoffLinux      = []uint16{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024}
	synBackoffFreeBSD = []uint16{1, 1, 1, 1, 1, 2, 4, 8, 16, 32, 64, 64, 64}
)

// ValuesOf returns the values of a kernel.
func ValuesOf(d dialect.Dialect) Values {
	switch d {
	case dialect.DragonFly:
		return dragonFly()
	case dialect.NetBSD:
		return netBSD()
	case dialect.Linux:
		return linux()
	default:
		return freeBSD()
	}
}

func freeBSD() Values {
	return Values{
		Tick: 10 * time.Millisecond, Round: 10 * time.Millisecond, // hz is 100 in a virtual machine, as it was where this was recorded
		RTOFirst: 3 * time.Second, RTOMin: 30 * time.Millisecond, RTOMax: 64 * time.Second, Slop: 200 * time.Millisecond,
		RTTPlus: 1, RTTLess: 1, LosingShift: 5, SYNBackoff: synBackoffFreeBSD, Backoff: backoffFreeBSD, MaxSYN: 12, MaxRexmit: 12, SYNShrink: 3, BadRexmit: true,
		SYNACKFirst: 3 * time.Second, SYNACKMax: 3, SynCache: 512, Half: HalfFreeBSD, BacklogMax: 128,
		KeepInit: 75 * time.Second, KeepIdle: 2 * time.Hour, KeepInterval: 75 * time.Second, KeepCount: 8, AlwaysKeep: true,
		DelayedACK: true, ACKDelay: 100 * time.Millisecond,
		TimeWait: time.Minute, FinWait2: 600 * time.Second, FinWait2Again: 75 * time.Second, FinWait2Fast: time.Minute,
		PersistMin: 5 * time.Second, PersistMax: time.Minute, PersistShift: 1,
		MSSDefault: 536, MSSDefault6: 1024, MSSMin: 216, MSSEcho: true, MSSCluster: 2048,
		SndBuf: 32 << 10, RcvBuf: 64 << 10, SndBufMax: 256 << 10, RcvBufMax: 256 << 10, SndBufInc: 8 << 10, RcvBufInc: 16 << 10,
		BufRound: true, BufMax: 2 << 20, Scale: -1, SYNWindow: 65535, SYNACKWindow: 65535, SndLow: 2048,
		Layout: wire.LayoutFreeBSD, RFC1323: true, SACK: true, SACKBlocks: 6, MaxHoles: 128,
		StampTick: time.Millisecond, StampBase: time.Second, StampRandom: true,
		GrowLimited: true, HalfAll: true, RFC3390: true, SlowStart: 1, SlowStartLocal: 4, ABC: true, LimitedTransmit: true,
		SYNResets: true, RSTDF: true, TimeWaitOwn: true, ICMPRule: ICMPFreeBSD, ICMPKills: true, ISN: ISNHashed,
	}
}

// dragonFly is FreeBSD 4's TCP with its own option order: tcp_output.c 1.34, tcp_input.c
// 1.6x, tcp_subr.c 1.5x of 2005 to 2008.
func dragonFly() Values {
	v := freeBSD()
	v.Layout = wire.LayoutDragonFly
	v.StampTick, v.StampBase, v.StampRandom = 10*time.Millisecond, 0, false // ticks themselves
	v.SndBufInc, v.RcvBufInc = 0, 0                                         // came in 2.x
	v.RcvBuf, v.SYNWindow, v.SYNACKWindow = 57344, 57344, 57344             // tcp_usrreq.c, tcp_recvspace
	v.BufMax, v.Scale = 256<<10, 0                                          // tcp_usrreq.c, tcp_connect: what recvspace needs
	v.MSSEcho, v.MSSDefault = false, 512
	v.SACKBlocks = 3
	v.ABC, v.GrowLimited, v.HalfAll = false, false, false
	v.AlwaysKeep = true
	v.RSTDF, v.TimeWaitOwn = false, false
	return v
}

func netBSD() Values {
	return Values{
		Tick:     500 * time.Millisecond,
		RTOFirst: 6 * time.Second, RTOMin: time.Second, RTOMax: 64 * time.Second,
		LosingShift: 3, Backoff: backoffNetBSD, MaxSYN: 12, MaxRexmit: 12,
		SYNACKFirst: 3 * time.Second, SYNACKWhole: 75 * time.Second, SynCache: 512, Half: HalfNetBSD, BacklogMax: 128,
		KeepInit: 75 * time.Second, KeepIdle: 2 * time.Hour, KeepInterval: 75 * time.Second, KeepCount: 8,
		DelayedACK: true, ACKDelay: 200 * time.Millisecond,
		TimeWait: time.Minute, TimeWaitLocal: 10 * time.Second, TimeWaitLoop: 2 * time.Second, FinWait2: 600 * time.Second,
		PersistMin: 5 * time.Second, PersistMax: time.Minute, PersistLeast: time.Second, PersistShift: 3,
		MSSDefault: 536, MSSDefault6: 536, MSSMin: 256,
		SndBuf: 32 << 10, RcvBuf: 32 << 10, SndBufMax: 256 << 10, RcvBufMax: 256 << 10, SndBufInc: 8 << 10, RcvBufInc: 16 << 10,
		BufRound: true, BufMax: 256 << 10, Scale: -1, SYNWindow: 65535, SYNACKWindow: 65535, SndLow: 2048, WriteChunk: 2048,
		Layout: wire.LayoutNetBSD, RFC1323: true, SACK: true, DSACK: true, SACKBlocks: 3, MaxHoles: 32,
		StampTick: 500 * time.Millisecond, StampOwn: true,
		RecoveryNew: true, InitWin: 4, InitWinLocal: 4, SYNAgainWindow: true, ABC: true, FACK: true,
		ExactRST: true, ChallengeLimit: 100, PAWSEmpty: true, StrayRST: true, DFStops: 3,
		ICMPRule: ICMPNetBSD, PMTUWaits: true, ISN: ISNSteps,
	}
}

// linux is 6.1. Buffers grow to half a megabyte only: the kernel's limits are 4 and 6 MB,
// too much for a lab of many hosts.
func linux() Values {
	return Values{
		Tick: time.Microsecond, Microsecond: true,
		RTOFirst: time.Second, RTOMin: 200 * time.Millisecond, RTOMax: 2 * time.Minute,
		Backoff: backoffLinux, MaxSYN: 6, MaxRexmit: 15, TailProbe: true, Jiffy: 4 * time.Millisecond,
		SYNACKFirst: time.Second, SYNACKMax: 5, SynCache: 512, Half: HalfLinux, BacklogMax: 4096,
		KeepIdle: 2 * time.Hour, KeepInterval: 75 * time.Second, KeepCount: 9, ProbeOptions: true,
		DelayedACK: true, ACKDelay: 40 * time.Millisecond, QuickACKs: 16,
		TimeWait: time.Minute, FinWait2: time.Minute,
		ProbeOld:   true,
		MSSDefault: 536, MSSDefault6: 536, MSSMin: 48,
		SndBuf: 87040, RcvBuf: 64240, RcvBufAccept: 65160, SndBufMax: 512 << 10, RcvBufMax: 512 << 10, SndBufInc: 64 << 10, RcvBufInc: 64 << 10,
		BufMax: 425984, Scale: 7, SYNWindow: 64240, SYNACKWindow: 65160, SndLow: 2048, WindowLinux: true, UpdateDouble: true, ReadACKs: true,
		Layout: wire.LayoutLinux, RFC1323: true, SACK: true, DSACK: true, SACKBlocks: 4, MaxHoles: 128,
		StampTick: time.Millisecond, StampRandom: true, StampRandomDial: true, ECN: true,
		FirstSegments: 10, SYNAgainWindow: true, Cubic: true, LimitedTransmit: true, GrowLimited: true, SACKOnly: true, HalfWindow: true, Minshall: true, TSOPush: true,
		ExactRST: true, ChallengeACK: true, ChallengeLimit: 1000, SYNFINDrop: true, RSTCountsFIN: true, RSTDF: true,
		InvalidEvery: 500 * time.Millisecond, CloseResets: true, ErrorFirst: true, CloseWaitPipe: true, DeafAfterFIN: true, TimeWaitOwn: true, TimeWaitRST: true, IDs: true,
		ICMPRule: ICMPLinux, ICMPAllKill: true, ISN: ISNClock,
	}
}
