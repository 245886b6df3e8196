package inet

import "time"

// slow is the clock of NetBSD's TCP, in which its sysctls count: PR_SLOWHZ.
const slow = 500 * time.Millisecond

// tcpTunables are those of TCP. FreeBSD and DragonFly show times in milliseconds.
var tcpTunables = []tunable{
	both("net.inet.tcp.keepidle").of(func(v *Values) any { return &v.TCP.KeepIdle }).in(time.Millisecond),
	netbsd("net.inet.tcp.keepidle").of(func(v *Values) any { return &v.TCP.KeepIdle }).in(slow),
	both("net.inet.tcp.keepintvl").of(func(v *Values) any { return &v.TCP.KeepInterval }).in(time.Millisecond),
	netbsd("net.inet.tcp.keepintvl").of(func(v *Values) any { return &v.TCP.KeepInterval }).in(slow),
	both("net.inet.tcp.keepinit").of(func(v *Values) any { return &v.TCP.KeepInit }).in(time.Millisecond),
	netbsd("net.inet.tcp.keepinit").of(func(v *Values) any { return &v.TCP.KeepInit }).in(slow),
	all("net.inet.tcp.keepcnt").of(func(v *Values) any { return &v.TCP.KeepCount }),
	both("net.inet.tcp.always_keepalive").of(func(v *Values) any { return &v.TCP.AlwaysKeep }),
	both("net.inet.tcp.msl").of(func(v *Values) any { return &v.TCP.TimeWait }).in(2 * time.Millisecond), // TIME_WAIT is twice as long
	netbsd("net.inet.tcp.msl_remote").of(func(v *Values) any { return &v.TCP.TimeWait }).in(2 * slow),
	netbsd("net.inet.tcp.msl_local").of(func(v *Values) any { return &v.TCP.TimeWaitLocal }).in(2 * slow),
	netbsd("net.inet.tcp.msl_loop").of(func(v *Values) any { return &v.TCP.TimeWaitLoop }).in(2 * slow),
	freebsd("net.inet.tcp.finwait2_timeout").of(func(v *Values) any { return &v.TCP.FinWait2Fast }).in(time.Millisecond),
	freebsd("net.inet.tcp.fast_finwait2_recycle").of(func(v *Values) any { return &v.TCP.FastFinWait2 }),
	both("net.inet.tcp.delayed_ack").of(func(v *Values) any { return &v.TCP.DelayedACK }),
	both("net.inet.tcp.delacktime").of(func(v *Values) any { return &v.TCP.ACKDelay }).in(time.Millisecond),
	netbsd("net.inet.tcp.delack_ticks").of(func(v *Values) any { return &v.TCP.ACKDelay }).in(10 * time.Millisecond), // hz is 100
	all("net.inet.tcp.mssdflt").of(func(v *Values) any { return &v.TCP.MSSDefault }),
	both("net.inet.tcp.v6mssdflt").of(func(v *Values) any { return &v.TCP.MSSDefault6 }),
	all("net.inet.tcp.minmss").of(func(v *Values) any { return &v.TCP.MSSMin }),
	freebsd("net.inet.tcp.rexmit_min").of(func(v *Values) any { return &v.TCP.RTOMin }).in(time.Millisecond),
	both("net.inet.tcp.rexmit_slop").of(func(v *Values) any { return &v.TCP.Slop }).in(time.Millisecond),
	all("net.inet.tcp.sendspace").of(func(v *Values) any { return &v.TCP.SndBuf }),
	all("net.inet.tcp.recvspace").of(func(v *Values) any { return &v.TCP.RcvBuf }),
	freebsd("net.inet.tcp.sendbuf_max").netbsd("net.inet.tcp.sendbuf_max").of(func(v *Values) any { return &v.TCP.SndBufMax }),
	freebsd("net.inet.tcp.recvbuf_max").netbsd("net.inet.tcp.recvbuf_max").of(func(v *Values) any { return &v.TCP.RcvBufMax }),
	freebsd("net.inet.tcp.sendbuf_inc").netbsd("net.inet.tcp.sendbuf_inc").of(func(v *Values) any { return &v.TCP.SndBufInc }),
	freebsd("net.inet.tcp.recvbuf_inc").netbsd("net.inet.tcp.recvbuf_inc").of(func(v *Values) any { return &v.TCP.RcvBufInc }),
	freebsd("net.inet.tcp.sack.enable").netbsd("net.inet.tcp.sack.enable").of(func(v *Values) any { return &v.TCP.SACK }),
	tunable{dragonfly: "net.inet.tcp.sack"}.of(func(v *Values) any { return &v.TCP.SACK }),
	freebsd("net.inet.tcp.sack.maxholes").netbsd("net.inet.tcp.sack.maxholes").of(func(v *Values) any { return &v.TCP.MaxHoles }),
	all("net.inet.tcp.rfc1323").of(func(v *Values) any { return &v.TCP.RFC1323 }),
	netbsd("net.inet.tcp.win_scale").of(func(v *Values) any { return &v.TCP.NoScale }).not(),
	netbsd("net.inet.tcp.timestamps").of(func(v *Values) any { return &v.TCP.NoStamps }).not(),
	both("net.inet.tcp.rfc3390").of(func(v *Values) any { return &v.TCP.RFC3390 }),
	freebsd("net.inet.tcp.rfc3042").of(func(v *Values) any { return &v.TCP.LimitedTransmit }),
	tunable{dragonfly: "net.inet.tcp.limitedtransmit"}.of(func(v *Values) any { return &v.TCP.LimitedTransmit }),
	freebsd("net.inet.tcp.rfc3465").netbsd("net.inet.tcp.abc.enable").of(func(v *Values) any { return &v.TCP.ABC }),
	netbsd("net.inet.tcp.abc.aggressive").of(func(v *Values) any { return &v.TCP.ABCGentle }).not(),
	both("net.inet.tcp.slowstart_flightsize").of(func(v *Values) any { return &v.TCP.SlowStart }),
	both("net.inet.tcp.local_slowstart_flightsize").of(func(v *Values) any { return &v.TCP.SlowStartLocal }),
	netbsd("net.inet.tcp.init_win").of(func(v *Values) any { return &v.TCP.InitWin }),
	netbsd("net.inet.tcp.init_win_local").of(func(v *Values) any { return &v.TCP.InitWinLocal }),
	both("net.inet.tcp.blackhole").of(func(v *Values) any { return &v.TCP.Blackhole }),
	both("net.inet.tcp.icmp_may_rst").of(func(v *Values) any { return &v.TCP.ICMPKills }),
	freebsd("net.inet.tcp.drop_synfin").of(func(v *Values) any { return &v.TCP.SYNFINDrop }),
	both("net.inet.tcp.syncache.rexmtlimit").of(func(v *Values) any { return &v.TCP.SYNACKMax }),
	netbsd("net.inet.tcp.ackdropppslimit").of(func(v *Values) any { return &v.TCP.ChallengeLimit }),
}
