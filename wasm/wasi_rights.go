package wasm

import (
	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// Rights of WASI, what a descriptor may be used for. They follow from what is open
// and how; a program can give some away, for good, with fd_fdstat_set_rights, and
// what it opens below a directory has no more than that directory has to give.
const (
	rightDatasync = 1 << iota
	rightRead
	rightSeek
	rightSetFlags
	rightSync
	rightTell
	rightWrite
	rightAdvise
	rightAllocate
	rightCreateDirectory
	rightCreateFile
	rightLinkSource
	rightLinkTarget
	rightPathOpen
	rightReaddir
	rightReadlink
	rightRenameSource
	rightRenameTarget
	rightPathStat
	rightPathSetSize
	rightPathSetTimes
	rightStat
	rightSetSize
	rightSetTimes
	rightSymlink
	rightRemoveDirectory
	rightUnlink
	rightPoll
	rightShutdown
	rightAccept

	rightsAny       = rightSetFlags | rightSync | rightDatasync | rightStat | rightPoll
	rightsFile      = rightsAny | rightAdvise | rightSetTimes
	rightsWrite     = rightWrite | rightAllocate | rightSetSize
	rightsDirectory = rightsFile | rightCreateDirectory | rightCreateFile | rightLinkSource | rightLinkTarget | rightPathOpen |
		rightReaddir | rightReadlink | rightRenameSource | rightRenameTarget | rightPathStat | rightPathSetSize |
		rightPathSetTimes | rightSymlink | rightRemoveDirectory | rightUnlink
	rightsInheriting = rightsDirectory | rightRead | rightSeek | rightTell | rightsWrite
)

// A rights is what a descriptor, and what is opened below it, may be used for.
type rights struct{ base, inheriting uint64 }

// given are the rights that follow from what is open, and how.
func given(kind string, fd, flags int) rights {
	access := uint64(0)
	if flags&3 != kern.O_WRONLY {
		access |= rightRead
	}
	if flags&3 != kern.O_RDONLY {
		access |= rightWrite
	}
	switch kind {
	case "dir":
		return rights{rightsDirectory, rightsInheriting}
	case "reg":
		if access&rightWrite != 0 {
			access |= rightsWrite
		}
		return rights{rightsFile | access | rightSeek | rightTell, 0}
	case "tty": // that it can't seek is how wasi-libc's isatty knows it
		if fd == 0 {
			return rights{rightsAny | rightRead, 0}
		}
		return rights{rightsAny | rightWrite, 0}
	case "sock", "dgram":
		return rights{rightsAny | access | rightShutdown | rightAccept, 0}
	case "fifo":
		return rights{rightsAny | access, 0}
	}
	return rights{rightsAny | access | rightSeek | rightTell, 0}
}

// rightsOf are the rights that a descriptor has now.
func (g *guest) rightsOf(fd, flags int) rights {
	r := given(g.p.FileType(fd), fd, flags)
	if l, ok := g.limited[fd]; ok {
		r.base &= l.base
		r.inheriting &= l.inheriting
	}
	return r
}

// lacks tells whether a right of fd has been given away.
func (g *guest) lacks(fd int, right uint64) bool {
	l, ok := g.limited[fd]
	return ok && l.base&right != right
}

// needs does f unless a right of fd has been given away.
func (g *guest) needs(fd int, right uint64, f func() errno.Errno) errno.Errno {
	if g.lacks(fd, right) {
		return errno.ENOTCAPABLE
	}
	return f()
}

// limit leaves fd the rights that both it and r have.
func (g *guest) limit(fd int, r rights) {
	if l, ok := g.limited[fd]; ok {
		r.base &= l.base
		r.inheriting &= l.inheriting
	}
	if g.limited == nil {
		g.limited = map[int]rights{}
	}
	g.limited[fd] = r
}

// share gives a descriptor the rights of another, whose file it has got unless e says
// that it has not.
func (g *guest) share(from, to int, e errno.Errno) {
	if from == to || e != errno.OK {
		return
	}
	delete(g.limited, to)
	if l, ok := g.limited[from]; ok {
		g.limit(to, l)
	}
}

// mayMake checks the rights to make or empty a file below a directory.
func (g *guest) mayMake(dir int, oflags uint32) errno.Errno {
	if oflags&oflagCreat != 0 && g.lacks(dir, rightCreateFile) || oflags&oflagTrunc != 0 && g.lacks(dir, rightPathSetSize) {
		return errno.ENOTCAPABLE
	}
	return errno.OK
}

// inherit limits fd, which was opened below dir, if dir is limited.
func (g *guest) inherit(dir, fd int, base, inheriting uint64) {
	delete(g.limited, fd)
	if l, ok := g.limited[dir]; ok {
		g.limit(fd, rights{base & l.inheriting, inheriting & l.inheriting})
	}
}

// fdFdstatSetRights gives rights away: cap_rights_limit(2). To ask for more than
// there are is ENOTCAPABLE.
func fdFdstatSetRights(g *guest, a args) uint32 {
	fd, want := a.fd(0), rights{a.u64(1), a.u64(2)}
	flags, e := g.p.Flags(fd)
	if e != errno.OK {
		return toWASI(e)
	}
	have := g.rightsOf(fd, flags)
	if want.base&^have.base != 0 || want.inheriting&^have.inheriting != 0 {
		return toWASI(errno.ENOTCAPABLE)
	}
	g.limit(fd, want)
	return 0
}
