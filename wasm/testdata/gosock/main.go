//go:build wasip1

// Gosock is what the tests of package wasm run as a Go program with sockets: it makes
// them with WasmEdge's functions and gives them to package net.
package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"
	"unsafe"
)

type address struct {
	buf uint32
	len uint32
}

//go:wasmimport wasi_snapshot_preview1 sock_open
//go:noescape
func sockOpen(family, typ int32, fd unsafe.Pointer) syscall.Errno

//go:wasmimport wasi_snapshot_preview1 sock_bind
//go:noescape
func sockBind(fd int32, addr unsafe.Pointer, port uint32) syscall.Errno

//go:wasmimport wasi_snapshot_preview1 sock_listen
//go:noescape
func sockListen(fd, backlog int32) syscall.Errno

//go:wasmimport wasi_snapshot_preview1 sock_connect
//go:noescape
func sockConnect(fd int32, addr unsafe.Pointer, port uint32) syscall.Errno

const (
	inet   = 1
	dgram  = 1
	stream = 2
)

func open(typ int32) int32 {
	var fd int32
	check(errnoErr(sockOpen(inet, typ, unsafe.Pointer(&fd))))
	check(syscall.SetNonblock(int(fd), true))
	return fd
}

// with calls f with an address as the functions take it.
func with(a [4]byte, f func(unsafe.Pointer) syscall.Errno) syscall.Errno {
	addr := address{uint32(uintptr(unsafe.Pointer(&a))), 4}
	return f(unsafe.Pointer(&addr))
}

func errnoErr(e syscall.Errno) error {
	if e == 0 {
		return nil
	}
	return e
}

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func main() {
	if os.Args[1] == "server" {
		server()
		return
	}
	client([4]byte{10, 0, 0, 2})
}

// server echoes on each of two connections at once, and then serves no more.
func server() {
	fd := open(stream)
	check(errnoErr(with([4]byte{}, func(a unsafe.Pointer) syscall.Errno { return sockBind(fd, a, 80) })))
	check(errnoErr(sockListen(fd, 4)))
	l, err := net.FileListener(os.NewFile(uintptr(fd), "listener"))
	check(err)
	done := make(chan int64)
	for range 2 {
		c, err := l.Accept()
		check(err)
		go func() {
			n, err := io.Copy(c, c)
			check(err)
			check(c.Close())
			done <- n
		}()
	}
	fmt.Println(<-done, <-done)
}

// client sends on two connections at once, and has one wait with a deadline.
func client(to [4]byte) {
	done := make(chan int)
	for i := range 2 {
		go func() {
			fd := open(stream)
			e := with(to, func(a unsafe.Pointer) syscall.Errno { return sockConnect(fd, a, 80) })
			if e != syscall.EINPROGRESS {
				fmt.Println("connect:", e)
			}
			f := os.NewFile(uintptr(fd), "conn")
			c, err := net.FileConn(f)
			check(err)
			check(c.SetReadDeadline(time.Now().Add(4 * time.Second))) // of two first segments ARP holds one; the other is sent again after 3 s
			_, err = c.Read(make([]byte, 1))
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				fmt.Println("a read with a deadline:", err)
			}
			check(c.SetReadDeadline(time.Time{}))
			size := 20_000 * (i + 1)
			go func() {
				_, err := c.Write(make([]byte, size))
				check(err)
				check(c.(interface{ CloseWrite() error }).CloseWrite())
			}()
			n, err := io.Copy(io.Discard, c)
			check(err)
			done <- int(n)
		}()
	}
	fmt.Println(<-done + <-done)
}
