package guest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
	"wireloom/vnet/signal"
	"wireloom/wasm/guest/tuntap"
)

// Where a field of a structure is, on a BSD with 32-bit pointers and a time_t of 64.
// Two numbers at the end are the structure's size and alignment.
var layouts = map[string]struct {
	headers string
	fields  string
}{
	"struct kevent":       {"sys/event.h", "ident 0, filter 4, flags 6, fflags 8, data 12, udata 16; 20 4"},
	"struct timespec":     {"time.h", "tv_sec 0, tv_nsec 8; 16 8"},
	"struct timeval":      {"sys/time.h", "tv_sec 0, tv_usec 8; 16 8"},
	"struct itimerval":    {"sys/time.h", "it_interval 0, it_value 16; 32 8"},
	"struct pollfd":       {"poll.h", "fd 0, events 4, revents 6; 8 4"},
	"fd_set":              {"sys/select.h", "__fds_bits 0; 128 4"},
	"sigset_t":            {"signal.h", "__bits 0; 16 4"},
	"struct sigaction":    {"signal.h", "sa_handler 0, sa_flags 4, sa_mask 8; 24 4"},
	"siginfo_t":           {"signal.h", "si_signo 0, si_errno 4, si_code 8, si_pid 12, si_uid 16, si_status 20, si_addr 24, si_value 28; 64 4"},
	"struct sockaddr":     {"sys/socket.h", "sa_len 0, sa_family 1, sa_data 2; 16 1"},
	"struct linger":       {"sys/socket.h", "l_onoff 0, l_linger 4; 8 4"},
	"struct msghdr":       {"sys/socket.h", "msg_name 0, msg_namelen 4, msg_iov 8, msg_iovlen 12, msg_control 16, msg_controllen 20, msg_flags 24; 28 4"},
	"struct in_addr":      {"netinet/in.h", "s_addr 0; 4 4"},
	"struct in6_addr":     {"netinet/in.h", "s6_addr 0; 16 4"},
	"struct sockaddr_in":  {"netinet/in.h", "sin_len 0, sin_family 1, sin_port 2, sin_addr 4, sin_zero 8; 16 4"},
	"struct sockaddr_in6": {"netinet/in.h", "sin6_len 0, sin6_family 1, sin6_port 2, sin6_flowinfo 4, sin6_addr 8, sin6_scope_id 24; 28 4"},
	"struct ip_mreq":      {"netinet/in.h", "imr_multiaddr 0, imr_interface 4; 8 4"},
	"struct addrinfo":     {"netdb.h", "ai_flags 0, ai_family 4, ai_socktype 8, ai_protocol 12, ai_addrlen 16, ai_canonname 20, ai_addr 24, ai_next 28; 32 4"},
	"struct hostent":      {"netdb.h", "h_name 0, h_aliases 4, h_addrtype 8, h_length 12, h_addr_list 16; 20 4"},
	"struct servent":      {"netdb.h", "s_name 0, s_aliases 4, s_port 8, s_proto 12; 16 4"},
	"struct utsname":      {"sys/utsname.h", "sysname 0, nodename 256, release 512, version 768, machine 1024; 1280 1"},
	"struct tuninfo":      {"net/if_tun.h", "baudrate 0, mtu 4, type 6, dummy 7; 8 4"},
	"struct netbsd_ifreq": {"net/if_tap.h", "ifr_name 0; 144 1"},
	"struct ifaliasreq":   {"net/if.h", "ifra_name 0, ifra_addr 16, ifra_broadaddr 32, ifra_mask 48; 64 1"},
	"struct ifconf":       {"net/if.h", "ifc_len 0, ifc_buf 4; 8 4"},
	"struct if_nameindex": {"net/if.h", "if_index 0, if_name 4; 8 4"},
	"struct ifaddrs":      {"ifaddrs.h", "ifa_next 0, ifa_name 4, ifa_flags 8, ifa_addr 12, ifa_netmask 16, ifa_dstaddr 20, ifa_data 24; 28 4"},
	"struct cmsghdr":      {"sys/socket.h", "cmsg_len 0, cmsg_level 4, cmsg_type 8; 12 4"},
	"struct in6_pktinfo":  {"netinet/in.h", "ipi6_addr 0, ipi6_ifindex 16; 20 4"},
	"struct passwd":       {"pwd.h", "pw_name 0, pw_uid 8, pw_gid 12, pw_change 16, pw_class 24, pw_dir 32, pw_shell 36, pw_expire 40; 48 8"},
	"struct group":        {"grp.h", "gr_name 0, gr_passwd 4, gr_gid 8, gr_mem 12; 16 4"},
	"struct termios":      {"termios.h", "c_iflag 0, c_oflag 4, c_cflag 8, c_lflag 12, c_cc 16, c_ispeed 36, c_ospeed 40; 44 4"},
	"struct ifmediareq":   {"net/if.h", "ifm_name 0, ifm_current 16, ifm_count 32, ifm_ulist 36; 40 4"},
	"struct ifstat":       {"net/if.h", "ifs_name 0, ascii 16; 817 1"},

	"struct ether_header":      {"net/ethernet.h", "ether_dhost 0, ether_shost 6, ether_type 12; 14 1"},
	"struct ether_addr":        {"net/ethernet.h", "octet 0; 6 1"},
	"struct ether_vlan_header": {"net/ethernet.h", "evl_dhost 0, evl_shost 6, evl_encap_proto 12, evl_tag 14, evl_proto 16; 18 1"},
	"struct arphdr":            {"net/if_arp.h", "ar_hrd 0, ar_pro 2, ar_hln 4, ar_pln 5, ar_op 6; 8 2"},
	"struct ether_arp":         {"netinet/if_ether.h", "arp_hrd 0, arp_op 6, arp_sha 8, arp_spa 14, arp_tha 18, arp_tpa 24; 28 2"},
	"struct ip":                {"netinet/ip.h", "ip_tos 1, ip_len 2, ip_id 4, ip_off 6, ip_ttl 8, ip_p 9, ip_sum 10, ip_src 12, ip_dst 16; 20 4"},
	"struct icmp":              {"netinet/ip_icmp.h", "icmp_type 0, icmp_code 1, icmp_cksum 2, icmp_id 4, icmp_seq 6, icmp_nextmtu 6, icmp_otime 8, icmp_ip 8, icmp_mask 8, icmp_data 8; 28 4"},
	"struct udphdr":            {"netinet/udp.h", "uh_sport 0, uh_dport 2, uh_ulen 4, uh_sum 6; 8 2"},
	"struct tcphdr":            {"netinet/tcp.h", "th_sport 0, th_dport 2, th_seq 4, th_ack 8, th_flags 13, th_win 14, th_sum 16, th_urp 18; 20 4"},
}

// ofDialect are those that the BSDs don't have in common.
var ofDialect = map[string]string{
	"__FreeBSD__":   "sizeof(struct ifreq) == 32, sizeof(struct tapinfo) == 8, AF_INET6 == 28, sizeof(struct sockaddr_dl) == 54",
	"__DragonFly__": "sizeof(struct ifreq) == 32, sizeof(struct sockaddr_dl) == 54, sizeof(struct tapinfo) == 8, AF_INET6 == 28",
	"__NetBSD__":    "sizeof(struct ifreq) == 144, sizeof(struct sockaddr_dl) == 32, AF_INET6 == 24, TAPGIFNAME == NETBSD_TAPGIFNAME",
}

// same are numbers that a driver and a program must have in common.
var same = map[string]int64{
	"FIONREAD": kern.FIONREAD, "FIONBIO": kern.FIONBIO, "FIOASYNC": kern.FIOASYNC, "FIOSETOWN": kern.FIOSETOWN, "FIOGETOWN": kern.FIOGETOWN,
	"TIOCSPGRP": kern.TIOCSPGRP, "TIOCGPGRP": kern.TIOCGPGRP,
	"TUNGDEBUG": kern.TUNGDEBUG, "TUNSDEBUG": kern.TUNSDEBUG, "TUNSIFINFO": kern.TUNSIFINFO, "TUNGIFINFO": kern.TUNGIFINFO, "TUNSLMODE": kern.TUNSLMODE,
	"TUNSIFMODE": kern.TUNSIFMODE, "TUNSIFPID": kern.TUNSIFPID, "TUNSIFHEAD": kern.TUNSIFHEAD, "TUNGIFHEAD": kern.TUNGIFHEAD, "NETBSD_TAPGIFNAME": kern.TAPGIFNAME,
	"POLLIN": kern.POLLIN, "POLLPRI": kern.POLLPRI, "POLLOUT": kern.POLLOUT, "POLLERR": kern.POLLERR, "POLLHUP": kern.POLLHUP, "POLLNVAL": kern.POLLNVAL,
	"POLLRDNORM": kern.POLLRDNORM, "POLLWRNORM": kern.POLLWRNORM,
	"EVFILT_READ": kern.EVFILT_READ, "EVFILT_WRITE": kern.EVFILT_WRITE, "EVFILT_VNODE": kern.EVFILT_VNODE,
	"NOTE_EXIT": kern.NOTE_EXIT, "NOTE_SECONDS": kern.NOTE_SECONDS, "NOTE_MSECONDS": kern.NOTE_MSECONDS, "NOTE_USECONDS": kern.NOTE_USECONDS, "NOTE_NSECONDS": kern.NOTE_NSECONDS,
	"EVFILT_PROC": kern.EVFILT_PROC, "EVFILT_SIGNAL": kern.EVFILT_SIGNAL, "EVFILT_TIMER": kern.EVFILT_TIMER,
	"EV_ADD": kern.EV_ADD, "EV_DELETE": kern.EV_DELETE, "EV_ENABLE": kern.EV_ENABLE, "EV_DISABLE": kern.EV_DISABLE, "EV_ONESHOT": kern.EV_ONESHOT,
	"EV_CLEAR": kern.EV_CLEAR, "EV_ERROR": kern.EV_ERROR, "EV_EOF": kern.EV_EOF,
	"IFF_UP": int64(kern.IFF_UP), "IFF_BROADCAST": int64(kern.IFF_BROADCAST), "IFF_DEBUG": int64(kern.IFF_DEBUG), "IFF_LOOPBACK": int64(kern.IFF_LOOPBACK),
	"IFF_POINTOPOINT": int64(kern.IFF_POINTOPOINT), "IFF_RUNNING": int64(kern.IFF_RUNNING), "IFF_NOARP": int64(kern.IFF_NOARP),
	"IFF_PROMISC": int64(kern.IFF_PROMISC), "IFF_ALLMULTI": int64(kern.IFF_ALLMULTI), "IFF_OACTIVE": int64(kern.IFF_OACTIVE), "IFF_SIMPLEX": int64(kern.IFF_SIMPLEX),
	"IFF_LINK0": int64(kern.IFF_LINK0), "IFF_LINK1": int64(kern.IFF_LINK1), "IFF_LINK2": int64(kern.IFF_LINK2), "IFF_MULTICAST": int64(kern.IFF_MULTICAST),
	"IFT_ETHER": kern.IFT_ETHER, "IFT_PPP": kern.IFT_PPP,
	"AF_UNSPEC": kern.AF_UNSPEC, "AF_INET": kern.AF_INET, "AF_APPLETALK": kern.AF_APPLETALK, "AF_LINK": kern.AF_LINK, "AF_IPX": kern.AF_IPX,
	"O_ASYNC": kern.O_ASYNC,
}

// notOnNetBSD are those whose argument is a struct ifreq, which a kernel here knows
// by the length it has on the others, and DragonFly's of tap.
var notOnNetBSD = map[string]int64{
	"SIOCSIFADDR": kern.SIOCSIFADDR, "OSIOCGIFADDR": kern.OSIOCGIFADDR, "SIOCSIFDSTADDR": kern.SIOCSIFDSTADDR, "SIOCSIFFLAGS": kern.SIOCSIFFLAGS,
	"SIOCGIFFLAGS": kern.SIOCGIFFLAGS, "SIOCDIFADDR": kern.SIOCDIFADDR, "SIOCGIFADDR": kern.SIOCGIFADDR, "SIOCADDMULTI": kern.SIOCADDMULTI,
	"SIOCDELMULTI": kern.SIOCDELMULTI, "SIOCSIFMTU": kern.SIOCSIFMTU, "SIOCSIFMEDIA": kern.SIOCSIFMEDIA, "SIOCGIFMEDIA": kern.SIOCGIFMEDIA,
	"SIOCGIFSTATUS": kern.SIOCGIFSTATUS,
	"TAPGDEBUG":     kern.TAPGDEBUG, "TAPSDEBUG": kern.TAPSDEBUG, "TAPSIFINFO": kern.TAPSIFINFO, "TAPGIFINFO": kern.TAPGIFINFO, "VMIO_SIOCSIFFLAGS": kern.VMIO_SIOCSIFFLAGS,
}

// asserted is a C program that does not compile where a layout or number is wrong.
func asserted(dialect string) string {
	var b strings.Builder
	b.WriteString("#include <stddef.h>\n#include <net/if_dl.h>\n#include <fcntl.h>\n#include <sys/ioctl.h>\n#include <net/if_types.h>\n#include <errno.h>\n#include <wasi/api.h>\n")
	for _, l := range layouts {
		fmt.Fprintf(&b, "#include <%s>\n", l.headers)
	}
	check := func(cond string) { fmt.Fprintf(&b, "_Static_assert(%s, \"\");\n", cond) }
	for name, l := range layouts {
		fields, size, _ := strings.Cut(l.fields, ";")
		var bytes, align int
		if _, err := fmt.Sscan(size, &bytes, &align); err != nil {
			panic(name)
		}
		check(fmt.Sprintf("sizeof(%s) == %d && _Alignof(%s) == %d", name, bytes, name, align))
		for f := range strings.SplitSeq(fields, ", ") {
			field, at, _ := strings.Cut(f, " ")
			check(fmt.Sprintf("offsetof(%s, %s) == %s", name, field, at))
		}
	}
	numbers := func(m map[string]int64) {
		for name, n := range m {
			check(fmt.Sprintf("(%s) == %d", name, n))
		}
	}
	numbers(same)
	for sig := 1; signal.Name(sig) != ""; sig++ {
		check(fmt.Sprintf("%s == %d", signal.Name(sig), sig))
	}
	if dialect != "__NetBSD__" {
		numbers(notOnNetBSD)
	}
	for c := range strings.SplitSeq(ofDialect[dialect], ", ") {
		check(c)
	}
	for e := errno.Errno(1); e < 100; e++ {
		if name, ok := strings.CutPrefix(e.String(), "E"); ok && e != errno.EWOULDBLOCK && e != errno.EOPNOTSUPP {
			fmt.Fprintf(&b, "#ifdef __WASI_ERRNO_%s\n", name)
			check(fmt.Sprintf("E%s == __WASI_ERRNO_%s", name, name))
			b.WriteString("#else\n")
			check(fmt.Sprintf("E%s == 0x100 + %d", name, e))
			b.WriteString("#endif\n")
		}
	}
	b.WriteString("_Static_assert(EWOULDBLOCK == __WASI_ERRNO_AGAIN && EOPNOTSUPP == __WASI_ERRNO_NOTSUP, \"\");\n")
	b.WriteString("int main(void) { return 0; }\n")
	return b.String()
}

func TestLayoutsAndNumbers(t *testing.T) {
	for dialect := range ofDialect {
		t.Run(dialect, func(t *testing.T) {
			src := filepath.Join(t.TempDir(), "asserted.c")
			if err := os.WriteFile(src, []byte(asserted(dialect)), 0o600); err != nil {
				t.Fatal(err)
			}
			debianClang(t, src, "-D"+dialect)
		})
	}
}

// The other compiler comes with a wasi-libc of its own.
func TestLayoutsWithTheOtherCompiler(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.c"), []byte(asserted("__FreeBSD__")), 0o600); err != nil {
		t.Fatal(err)
	}
	nodeClang(t, dir)
}

// Each header can be the first and only one that a program includes, also twice and
// with an older C, and for each BSD.
func TestHeadersStandAlone(t *testing.T) {
	var names []string
	err := filepath.WalkDir("include", func(name string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasPrefix(name, "include/__") {
			names = append(names, strings.TrimPrefix(name, "include/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	src := t.TempDir()
	for dialect := range ofDialect {
		var all strings.Builder
		for _, name := range names {
			unit := filepath.Join(src, strings.ReplaceAll(name, "/", "_")+".c")
			text := fmt.Sprintf("#include <%s>\n#include <%s>\nextern int nothing;\n", name, name)
			if err := os.WriteFile(unit, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&all, "%s\n", unit)
		}
		main := filepath.Join(src, "main.c")
		if err := os.WriteFile(main, []byte("int main(void) { return 0; }\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		// All of them in one program, too: what they define is weak.
		link := "-O0"
		if dialect != "__FreeBSD__" {
			link = "-fsyntax-only"
		}
		debianClang(t, main, append(strings.Fields(all.String()), "-D"+dialect, "-std=c99", link, "-Wno-unused-command-line-argument")...)
	}
}

// The Go package has the numbers of the headers.
func TestNumbersOfGo(t *testing.T) {
	for name, got := range map[string]int64{
		"FIONREAD": tuntap.FIONREAD, "FIONBIO": tuntap.FIONBIO, "FIOASYNC": tuntap.FIOASYNC, "FIOSETOWN": tuntap.FIOSETOWN, "FIOGETOWN": tuntap.FIOGETOWN,
		"TUNGDEBUG": tuntap.TUNGDEBUG, "TUNSDEBUG": tuntap.TUNSDEBUG, "TUNSIFINFO": tuntap.TUNSIFINFO, "TUNGIFINFO": tuntap.TUNGIFINFO,
		"TUNSLMODE": tuntap.TUNSLMODE, "TUNSIFMODE": tuntap.TUNSIFMODE, "TUNSIFPID": tuntap.TUNSIFPID, "TUNSIFHEAD": tuntap.TUNSIFHEAD,
		"TUNGIFHEAD": tuntap.TUNGIFHEAD, "NETBSD_TAPGIFNAME": tuntap.TAPGIFNAME,
		"EVFILT_READ": tuntap.EVFILT_READ, "EVFILT_WRITE": tuntap.EVFILT_WRITE, "EVFILT_VNODE": tuntap.EVFILT_VNODE,
		"EVFILT_PROC": tuntap.EVFILT_PROC, "EVFILT_SIGNAL": tuntap.EVFILT_SIGNAL, "EVFILT_TIMER": tuntap.EVFILT_TIMER,
		"EV_ADD": tuntap.EV_ADD, "EV_DELETE": tuntap.EV_DELETE, "EV_ENABLE": tuntap.EV_ENABLE, "EV_DISABLE": tuntap.EV_DISABLE,
		"EV_ONESHOT": tuntap.EV_ONESHOT, "EV_CLEAR": tuntap.EV_CLEAR, "EV_ERROR": tuntap.EV_ERROR, "EV_EOF": tuntap.EV_EOF,
		"NOTE_EXIT": tuntap.NOTE_EXIT, "NOTE_SECONDS": tuntap.NOTE_SECONDS, "NOTE_MSECONDS": tuntap.NOTE_MSECONDS,
		"NOTE_USECONDS": tuntap.NOTE_USECONDS, "NOTE_NSECONDS": tuntap.NOTE_NSECONDS,
		"IFF_UP": tuntap.IFF_UP, "IFF_BROADCAST": tuntap.IFF_BROADCAST, "IFF_POINTOPOINT": tuntap.IFF_POINTOPOINT,
		"IFF_RUNNING": tuntap.IFF_RUNNING, "IFF_MULTICAST": tuntap.IFF_MULTICAST, "AF_INET": tuntap.AF_INET,
	} {
		if want := same[name]; got != want {
			t.Errorf("%s: got %#x, want %#x", name, got, want)
		}
	}
	for name, got := range map[string]int64{
		"SIOCGIFADDR": tuntap.SIOCGIFADDR, "SIOCSIFADDR": tuntap.SIOCSIFADDR, "TAPGDEBUG": tuntap.TAPGDEBUG, "TAPSDEBUG": tuntap.TAPSDEBUG,
		"TAPSIFINFO": tuntap.TAPSIFINFO, "TAPGIFINFO": tuntap.TAPGIFINFO,
	} {
		if want := notOnNetBSD[name]; got != want {
			t.Errorf("%s: got %#x, want %#x", name, got, want)
		}
	}
}

// clang.mjs, which labserver sdk hands out, compiles a program of one file.
func TestClangUnderNode(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.wasm")
	cmd := exec.Command("node", "clang.mjs", "-O2", "examples/c/tapecho/tapecho.c", "-o", out)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s(make guests installs the compiler)", cmd.Args, err, text)
	}
	x := examples[0]
	if got, want := x.run(t, read(t, out)), "done\nexit 0\n"; got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
