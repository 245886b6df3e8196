// Package journal keeps what is done to a live lab on disk, as it is done, so that the lab
// can be had again after whatever has ended its server: by running it again.
//
// A lab has a folder. In it the file journal begins with what the lab was built from, and
// has then each command, and each frame that came in by a door, with its place in the run.
// Now and then there is a mark: how far the run was, and its hash, which a replay is held
// to. Programs lie beside it under their hash.
//
// A record is written before what it says is done. So whatever a server that was killed has
// told anybody is in the journal, or follows from what is.
package journal

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// magic begins a journal; its number is the version of the form.
const magic = "wireloom journal 1\n"

// A record is a head and a body. The head is three numbers, little-endian: how many bytes the
// body has, its checksum, and the head's own, which goes over that of the record before it
// too. So records that were moved, left out or repeated are found. The body is a byte that
// says what it is, what it says, and a byte that is not 0: behind the last whole record a disk
// that has lost its power may show zeros.
const (
	headSize = 12
	bodyEnd  = 0xa5
)

// What a record may be.
const (
	kindHead    = 'h' // what the lab was built from, as JSON; the first
	kindConfig  = 'g' // its configuration; the second
	kindCommand = 'c'
	kindFrames  = 'f' // that came in by doors, at one instant
	kindMark    = 'm'
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// firstLink is what the first record's head goes over.
var firstLink = crc32.Checksum([]byte(magic), castagnoli)

// appendRecord appends a record whose body fill writes, and returns the next one's link.
func appendRecord(b []byte, link uint32, kind byte, fill func([]byte) []byte) ([]byte, uint32) {
	start := len(b)
	b = append(b, make([]byte, headSize)...)
	b = append(fill(append(b, kind)), bodyEnd)
	head, body := b[start:start+headSize], b[start+headSize:]
	binary.LittleEndian.PutUint32(head, uint32(len(body)))
	binary.LittleEndian.PutUint32(head[4:], crc32.Checksum(body, castagnoli))
	sum := linkOf(head, link)
	binary.LittleEndian.PutUint32(head[8:], sum)
	return b, sum
}

// linkOf is a head's own checksum.
func linkOf(head []byte, link uint32) uint32 { return crc32.Update(link, castagnoli, head[:8]) }

// errTorn is where a journal ends in the middle of a record: its server, or the machine,
// ended while that was written.
var errTorn = errors.New("the last record is not whole")

// A scanner reads records, which may be a stranger's. Of what is wrong errTorn alone may be
// cut off: nobody was told of what it says.
type scanner struct {
	r    *bufio.Reader
	size int64 // of the file
	at   int64 // where the next record begins
	link uint32
	body []byte // of the last one, good until the next
}

func newScanner(r io.ReaderAt, size int64) (*scanner, error) {
	s := &scanner{r: bufio.NewReaderSize(io.NewSectionReader(r, 0, size), 64<<10), size: size, at: int64(len(magic)), link: firstLink}
	got, err := s.r.Peek(min(len(magic), int(size)))
	switch {
	case err != nil:
		return nil, err
	case string(got) != magic[:len(got)]:
		return nil, errors.New("this is no journal of this form")
	case len(got) < len(magic):
		return nil, errTorn
	}
	_, err = s.r.Discard(len(magic))
	return s, err
}

// next reads a record: io.EOF after the last.
func (s *scanner) next() (kind byte, body []byte, err error) {
	left := s.size - s.at
	if left == 0 {
		return 0, nil, io.EOF
	}
	if left < headSize {
		return 0, nil, errTorn
	}
	var head [headSize]byte
	if _, err := io.ReadFull(s.r, head[:]); err != nil {
		return 0, nil, err
	}
	n, sum := binary.LittleEndian.Uint32(head[:]), binary.LittleEndian.Uint32(head[4:])
	switch link := linkOf(head[:], s.link); {
	case link != binary.LittleEndian.Uint32(head[8:]):
		if head[headSize-1] == 0 && s.zeros() {
			return 0, nil, errTorn
		}
		return 0, nil, s.wrong("has a head that is damaged, or belongs elsewhere")
	case n < 2 || n > maxRecord:
		return 0, nil, s.wrong("says that it has %d bytes", n)
	case int64(n) > left-headSize:
		return 0, nil, errTorn
	default:
		s.link = link
	}
	if uint32(cap(s.body)) < n {
		s.body = make([]byte, max(n, 4096))
	}
	s.body = s.body[:n]
	if _, err := io.ReadFull(s.r, s.body); err != nil {
		return 0, nil, err
	}
	if crc32.Checksum(s.body, castagnoli) != sum {
		if s.body[n-1] == 0 && s.zeros() {
			return 0, nil, errTorn
		}
		return 0, nil, s.wrong("is damaged")
	}
	if s.body[n-1] != bodyEnd {
		return 0, nil, s.wrong("does not end as records do")
	}
	s.at += headSize + int64(n)
	return s.body[0], s.body[1 : n-1], nil
}

// zeros reports whether nothing else is left.
func (s *scanner) zeros() bool {
	for {
		b, err := s.r.ReadByte()
		if err != nil || b != 0 {
			return errors.Is(err, io.EOF)
		}
	}
}

// wrong is an error of the record that begins at s.at.
func (s *scanner) wrong(format string, args ...any) error {
	return fmt.Errorf("the record at byte %d %w", s.at, fmt.Errorf(format, args...))
}
