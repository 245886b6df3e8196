package wasm

import (
	"encoding/binary"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/signal"
	"wireloom/vnet/sys"
)

// wasi is WASI preview 1: all of its functions, in the order of its definition
// (wasi_snapshot_preview1.witx), and sockets. Each but proc_exit returns an errno.
var wasi = []hostFunc{
	{name: "args_get", in: "ii", call: argsGet},
	{name: "args_sizes_get", in: "ii", call: argsSizesGet},
	{name: "environ_get", in: "ii", call: environGet},
	{name: "environ_sizes_get", in: "ii", call: environSizesGet},
	{name: "clock_res_get", in: "ii", call: clockResGet},
	{name: "clock_time_get", in: "iIi", call: clockTimeGet},
	{name: "fd_advise", in: "iIIi", rights: rightAdvise, call: fdAdvise},
	{name: "fd_allocate", in: "iII", rights: rightAllocate, call: fdAllocate},
	{name: "fd_close", in: "i", call: fdClose},
	{name: "fd_datasync", in: "i", rights: rightDatasync, call: onOpen},
	{name: "fd_fdstat_get", in: "ii", call: fdFdstatGet},
	{name: "fd_fdstat_set_flags", in: "ii", rights: rightSetFlags, call: fdFdstatSetFlags},
	{name: "fd_fdstat_set_rights", in: "iII", call: fdFdstatSetRights},
	{name: "fd_filestat_get", in: "ii", rights: rightStat, call: fdFilestatGet},
	{name: "fd_filestat_set_size", in: "iI", rights: rightSetSize, call: fdFilestatSetSize},
	{name: "fd_filestat_set_times", in: "iIIi", rights: rightSetTimes, call: fdFilestatSetTimes},
	{name: "fd_pread", in: "iiiIi", rights: rightRead | rightSeek, call: fdPread},
	{name: "fd_prestat_get", in: "ii", call: fdPrestatGet},
	{name: "fd_prestat_dir_name", in: "iii", call: fdPrestatDirName},
	{name: "fd_pwrite", in: "iiiIi", rights: rightWrite | rightSeek, call: fdPwrite},
	{name: "fd_read", in: "iiii", rights: rightRead, call: fdRead},
	{name: "fd_readdir", in: "iiiIi", rights: rightReaddir, call: fdReaddir},
	{name: "fd_renumber", in: "ii", call: fdRenumber},
	{name: "fd_seek", in: "iIii", rights: rightSeek, call: fdSeek},
	{name: "fd_sync", in: "i", rights: rightSync, call: onOpen},
	{name: "fd_tell", in: "ii", rights: rightTell, call: fdTell},
	{name: "fd_write", in: "iiii", rights: rightWrite, call: fdWrite},
	{name: "path_create_directory", in: "iii", rights: rightCreateDirectory, call: onName((*sys.Proc).Mkdir)},
	{name: "path_filestat_get", in: "iiiii", rights: rightPathStat, call: pathFilestatGet},
	{name: "path_filestat_set_times", in: "iiiiIIi", rights: rightPathSetTimes, call: pathFilestatSetTimes},
	{name: "path_link", in: "iiiiiii", rights: rightLinkSource, call: pathLink},
	{name: "path_open", in: "iiiiiIIii", rights: rightPathOpen, call: pathOpen},
	{name: "path_readlink", in: "iiiiii", rights: rightReadlink, call: pathReadlink},
	{name: "path_remove_directory", in: "iii", rights: rightRemoveDirectory, call: onName((*sys.Proc).Rmdir)},
	{name: "path_rename", in: "iiiiii", rights: rightRenameSource, call: pathRename},
	{name: "path_symlink", in: "iiiii", call: pathSymlink},
	{name: "path_unlink_file", in: "iii", rights: rightUnlink, call: onName((*sys.Proc).Unlink)},
	{name: "poll_oneoff", in: "iiii", call: pollOneoff},
	{name: "proc_exit", in: "i", void: true, call: procExit},
	{name: "proc_raise", in: "i", call: procRaise},
	{name: "sched_yield", call: schedYield},
	{name: "random_get", in: "ii", call: randomGet},
	{name: "sock_accept", in: "iii", call: sockAccept},
	{name: "sock_recv", in: "iiiiii", call: sockRecv},
	{name: "sock_send", in: "iiiii", call: sockSend},
	{name: "sock_shutdown", in: "ii", call: sockShutdown},

	// What WasmEdge added, in its second version, and where those differ in its first.
	{name: "sock_open", in: "iii", call: sockOpen},
	{name: "sock_bind", in: "iii", call: onAddress((*sys.Proc).Bind)},
	{name: "sock_listen", in: "ii", call: sockListen},
	{name: "sock_connect", in: "iii", call: onAddress((*sys.Proc).Connect)},
	{name: "sock_recv_from", in: "iiiiiiii", call: sockRecvFrom},
	{name: "sock_send_to", in: "iiiiiii", call: sockSendTo},
	{name: "sock_getlocaladdr", in: "iii", call: sockName(false)},
	{name: "sock_getpeeraddr", in: "iii", call: sockName(true)},
	{name: "sock_getsockopt", in: "iiiii", call: sockGetsockopt},
	{name: "sock_setsockopt", in: "iiiii", call: sockSetsockopt},
	{name: "sock_getaddrinfo", in: "iiiiiiii", call: sockGetaddrinfo},
	{name: "sock_accept", in: "ii", old: true, call: sockAccept1},
	{name: "sock_recv_from", in: "iiiiiii", old: true, call: sockRecvFrom1},
	{name: "sock_getlocaladdr", in: "iiii", old: true, call: sockName1(false)},
	{name: "sock_getpeeraddr", in: "iiii", old: true, call: sockName1(true)},
}

// What every call that fails for its arguments returns.
var (
	wasiEFAULT = toWASI(errno.EFAULT)
	wasiEINVAL = toWASI(errno.EINVAL)
)

// Epoch is what CLOCK_REALTIME shows when a lab begins, in nanoseconds since 1970:
// 2026-01-01 00:00 UTC.
const Epoch = 1767225600 * time.Second

// monotonicStart is what CLOCK_MONOTONIC shows then. Go takes zero for a clock
// that is missing.
const monotonicStart = time.Second

// Clocks of WASI.
const (
	clockRealtime = iota
	clockMonotonic
	clockProcess
	clockThread
)

// clock returns a clock's time; false if there is no such clock.
func (g *guest) clock(id uint32) (time.Duration, bool) {
	switch id {
	case clockRealtime:
		return Epoch + g.p.Now(), true
	case clockMonotonic:
		return monotonicStart + g.p.Now(), true
	case clockProcess, clockThread:
		return time.Duration(g.p.Fuel()) * sys.FuelNanosecond, true
	}
	return 0, false
}

func clockResGet(g *guest, a args) uint32 {
	if _, ok := g.clock(a.u32(0)); !ok {
		return wasiEINVAL
	}
	if !g.putU64(a.u32(1), sys.FuelNanosecond) {
		return wasiEFAULT
	}
	return 0
}

func clockTimeGet(g *guest, a args) uint32 {
	t, ok := g.clock(a.u32(0))
	if !ok {
		return wasiEINVAL
	}
	if !g.putU64(a.u32(2), uint64(t)) {
		return wasiEFAULT
	}
	return 0
}

func argsGet(g *guest, a args) uint32         { return g.strings(g.p.Args(), a) }
func argsSizesGet(g *guest, a args) uint32    { return g.sizes(g.p.Args(), a) }
func environGet(g *guest, a args) uint32      { return g.strings(g.p.Env(), a) }
func environSizesGet(g *guest, a args) uint32 { return g.sizes(g.p.Env(), a) }

// sizes writes how many strings there are and how many bytes they take.
func (g *guest) sizes(list []string, a args) uint32 {
	n := 0
	for _, s := range list {
		n += len(s) + 1
	}
	if !g.putU32(a.u32(0), uint32(len(list))) || !g.putU32(a.u32(1), uint32(n)) {
		return wasiEFAULT
	}
	return 0
}

// strings writes NUL-terminated strings to the second argument and pointers to
// them to the first.
func (g *guest) strings(list []string, a args) uint32 {
	ptrs, ptr := a.u32(0), a.u32(1)
	start := ptr
	defer func() { g.chargeMove(int(ptr - start)) }()
	for i, s := range list {
		b, ok := g.at(ptr, uint32(len(s))+1)
		if !ok || !g.putU32(ptrs+4*uint32(i), ptr) {
			return wasiEFAULT
		}
		b[copy(b, s)] = 0
		ptr += uint32(len(b))
	}
	return 0
}

// randomGet fills memory with chance from the lab's seed. It costs what copying as
// much costs: a unit per 8 bytes.
func randomGet(g *guest, a args) uint32 {
	b, ok := g.at(a.u32(0), a.u32(1))
	if !ok {
		return wasiEFAULT
	}
	g.charge(int64(len(b)) / 8)
	if b, ok = g.at(a.u32(0), a.u32(1)); !ok { // the charge may have parked
		return wasiEFAULT
	}
	g.p.Random(b)
	return 0
}

// schedYield does nothing more than every call: time passes, and at the end of its
// slice the process makes way.
func schedYield(*guest, args) uint32 { return 0 }

func procExit(g *guest, a args) uint32 {
	g.exit(a.i32(0))
	return 0
}

// signals are WASI's numbers of the signals that a process can be sent.
var signals = map[uint32]int{1: signal.SIGHUP, 2: signal.SIGINT, 9: signal.SIGKILL, 13: signal.SIGPIPE, 15: signal.SIGTERM, 23: signal.SIGXCPU}

func procRaise(g *guest, a args) uint32 {
	n := a.u32(0)
	if n == 0 { // asks whether it could
		return 0
	}
	sig, ok := signals[n]
	if !ok {
		return wasiEINVAL
	}
	g.p.Signal(sig)
	return 0
}

// le is WASI's byte order.
var le = binary.LittleEndian
