// Package tunemu is tun(4): the point-to-point interface that a program
// holds the other end of, as FreeBSD 9.1 and as DragonFly of December 2005
// (if_tun.c 1.27) have it. Each is a [kern.Module].
//
// The two come from one source and still share most of it: tun.go, ioctl.go
// and io.go are both. What differs is in freebsd*.go and dragonfly*.go: how
// devices and interfaces come and go, what an open and a close do, whether
// the interface has to be up, who is woken in which order, and what counts.
//
// DragonFly's write frees the wrong mbuf when it refuses a family, and one
// twice with a bpf listener; here the packet is freed once. Where it follows
// a null pointer, in a close after an address that was none, the kernel
// panics by [kern.Kernel.Panic].
package tunemu
