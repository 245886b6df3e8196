package gradebook

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	wire "wireloom/internal/protocol/class"
	"wireloom/internal/sign"
	"wireloom/internal/store"
)

// Purpose is what the signature of a receipt is for.
const Purpose = "hand-in 1"

// head is a receipt's first line.
const head = "wireloom " + Purpose + "\n"

// MaxReceipt is how many bytes a receipt may have that is read.
const MaxReceipt = 64 << 10

// receiptText is what a receipt says: all that was handed in, by hash, and when. Its lines
// are "WORD VALUE"; a signature follows in a line of its own.
func receiptText(h *store.HandinRow, programs []wire.Program) string {
	var b strings.Builder
	b.WriteString(head)
	for _, l := range []struct{ word, value string }{
		{"handin", h.ID},
		{"class", h.Class},
		{"lesson", h.Lesson},
		{"person", h.Person},
		{"number", strconv.FormatInt(h.Number, 10)},
		{"values", strconv.QuoteToASCII(h.Student)},
		{"scenario", h.Scenario},
	} {
		fmt.Fprintf(&b, "%s %s\n", l.word, l.value)
	}
	for _, p := range programs {
		fmt.Fprintf(&b, "program %s %s %d %s\n", p.Slot, p.Hash, p.Size, strconv.QuoteToASCII(p.Name))
	}
	if h.Recording != "" {
		fmt.Fprintf(&b, "recording %s\n", h.Recording)
	}
	fmt.Fprintf(&b, "size %d\nat %s\n", h.Size, h.At.UTC().Format(receiptTime))
	return b.String()
}

const receiptTime = "2006-01-02T15:04:05.000Z"

// seal fills in a hand-in's receipt and its signature.
func seal(h *store.HandinRow, programs []wire.Program, key *sign.Key) {
	text := receiptText(h, programs)
	sum := sha256.Sum256([]byte(text))
	h.Receipt, h.Signature = hex.EncodeToString(sum[:]), key.Sign(Purpose, []byte(text)).String()
}

// A Receipt is one as a file has it, read. Nothing in it is believed before its signature is.
type Receipt struct {
	Hash      string
	Handin    string
	Programs  map[string]string // hash by slot
	At        time.Time
	Signature sign.Signature
	text      string
}

// Fits reports whether the signature is that of its key under this receipt.
func (r *Receipt) Fits() bool { return r.Signature.Fits(Purpose, []byte(r.text)) }

// IsReceipt reports whether a file begins as a receipt does.
func IsReceipt(b []byte) bool { return strings.HasPrefix(string(b), head) }

// ParseReceipt reads a receipt's file.
func ParseReceipt(b []byte) (*Receipt, error) {
	text, tail, ok := strings.Cut(string(b), "signature ")
	if !ok || !IsReceipt(b) || len(b) > MaxReceipt || !strings.HasSuffix(text, "\n") {
		return nil, errors.New("this is no receipt of a hand-in, or not all of one")
	}
	key, value, _ := strings.Cut(strings.TrimRight(tail, "\r\n"), " ")
	r := &Receipt{text: text, Programs: map[string]string{}}
	var err error
	if r.Signature, err = sign.Parse(key, value); err != nil {
		return nil, fmt.Errorf("the receipt's last line: %w", err)
	}
	sum := sha256.Sum256([]byte(text))
	r.Hash = hex.EncodeToString(sum[:])
	for line := range strings.Lines(text) {
		switch f := strings.Fields(line); {
		case len(f) == 2 && f[0] == "handin":
			r.Handin = f[1]
		case len(f) == 2 && f[0] == "at":
			if r.At, err = time.Parse(receiptTime, f[1]); err != nil {
				return nil, errors.New("the receipt's time can't be read")
			}
		case len(f) >= 4 && f[0] == "program":
			r.Programs[f[1]] = f[2]
		}
	}
	return r, nil
}
