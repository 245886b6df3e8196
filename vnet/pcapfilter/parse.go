package pcapfilter

import (
	"errors"
	"fmt"
	"math/bits"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// A parser reads a filter by the grammar of libpcap: "and" and "or" bind alike and from the
// left, and a name or number takes the qualifiers of what stands before it.
type parser struct {
	tokens []token
	at     int
	depth  int
	gen
}

func (p *parser) peek() token { return p.tokens[p.at] }

// ahead is the token n behind the next one; kEnd where there is none.
func (p *parser) ahead(n int) token { return p.tokens[min(p.at+n, len(p.tokens)-1)] }

// is reports whether the next token is one of those words.
func (p *parser) is(words ...string) bool {
	t := p.peek()
	return t.kind == kWord && slices.Contains(words, t.text)
}

// accept goes past the next token if it is that word.
func (p *parser) accept(word string) bool {
	if !p.is(word) {
		return false
	}
	p.at++
	return true
}

// deeper counts one level of nesting; the caller gives it back.
func (p *parser) deeper() error {
	if p.depth++; p.depth > MaxDepth {
		return fmt.Errorf("the filter nests deeper than %d", MaxDepth)
	}
	return nil
}

// filter reads the whole text.
func (p *parser) filter() (node, error) {
	if p.peek().kind == kEnd {
		return nil, nil
	}
	x, _, err := p.expr()
	if err == nil && p.peek().kind != kEnd {
		err = errSyntax
	}
	return x, err
}

// expr reads terms with and, or between.
func (p *parser) expr() (node, qual, error) {
	x, q, err := p.term()
	for err == nil && p.is("and", "or") {
		op := p.peek().text
		p.at++
		var y node
		if p.name() {
			y, err = p.id(q)
		} else {
			y, q, err = p.term()
		}
		x = join(op, x, y)
	}
	return x, q, err
}

func join(op string, x, y node) node {
	if op == "and" {
		return and{x, y}
	}
	return or{x, y}
}

// name reports whether what comes is a name or number that takes the qualifiers before it,
// and not a term with words of its own.
func (p *parser) name() bool {
	i := 0
	for t := p.ahead(i); t.kind == kWord && (t.text == "(" || t.text == "!"); t = p.ahead(i) {
		i++
	}
	switch p.ahead(i).kind {
	case kID, kHost4, kHost6, kMAC:
		return true
	case kNum:
		for i++; p.ahead(i).kind == kWord && p.ahead(i).text == ")"; i++ {
		}
		t := p.ahead(i)
		return t.kind != kWord || !slices.Contains([]string{"+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>", "<", ">", "<=", ">=", "=", "!="}, t.text)
	case kEnd, kWord:
	}
	return false
}

// id reads a name, or several in parentheses, that all have the qualifiers q.
func (p *parser) id(q qual) (node, error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	switch {
	case p.accept("!"):
		x, err := p.id(q)
		return not{x}, err
	case p.accept("("):
		x, err := p.id(q)
		for err == nil && p.is("and", "or") {
			op := p.peek().text
			p.at++
			var y node
			y, err = p.id(q)
			x = join(op, x, y)
		}
		if err == nil && !p.accept(")") {
			err = errSyntax
		}
		return x, err
	}
	t := p.peek()
	if t.kind != kEnd {
		p.at++
	}
	switch t.kind {
	case kNum:
		return p.number(t.n, q)
	case kID:
		return p.named(t.text, q)
	case kHost4:
		return p.host4(t.text, q)
	case kHost6:
		return p.address6(t.text, q)
	case kMAC:
		if (q.addr == "host" || q.addr == "") && q.proto == "ether" && !q.undef {
			if p.env.Link != Ethernet {
				return nil, errors.New("ethernet addresses supported only on ethernet/FDDI/token ring/802.11/ATM LANE/Fibre Channel")
			}
			return p.etherHost(macBytes(t.text), q.dir), nil
		}
		return nil, errors.New("ethernet address used in non-ether expression")
	case kEnd, kWord:
	}
	return nil, errSyntax
}

// term reads what stands for itself.
func (p *parser) term() (x node, q qual, err error) {
	if err := p.deeper(); err != nil {
		return nil, q, err
	}
	defer func() { p.depth-- }()
	q.undef = true
	if p.accept("!") {
		x, q, err = p.term()
		return not{x}, q, err
	}
	if start := *p; p.sumBegins() {
		if x, err = p.compare(); !errors.Is(err, errNoCompare) {
			return x, q, err
		}
		p.at, p.depth, p.link = start.at, start.depth, start.link
	}
	if p.accept("(") {
		if x, q, err = p.expr(); err == nil && !p.accept(")") {
			err = errSyntax
		}
		return x, q, err
	}
	if x, ok, err := p.other(); ok {
		return x, q, err
	}
	return p.qualified()
}

// other reads the words that take no name.
func (p *parser) other() (x node, ok bool, err error) {
	t := p.peek()
	if t.kind != kWord {
		return nil, false, nil
	}
	number := func() (uint32, bool) {
		n := p.peek()
		if n.kind != kNum {
			return 0, false
		}
		p.at++
		return n.n, true
	}
	switch t.text {
	case "less", "greater":
		p.at++
		n, ok := number()
		if !ok {
			return nil, true, errSyntax
		}
		rel := greaterEqual
		if t.text == "less" { // or equal
			rel = lessEqual
		}
		return compare{rel: rel, a: length{}, b: number32(n)}, true, nil
	case "byte":
		p.at++
		off, ok1 := number()
		op := p.peek()
		p.at = min(p.at+1, len(p.tokens)-1)
		v, ok2 := number()
		rels := map[string]relation{"=": equal, "<": less, ">": greater}
		rel, ok := rels[op.text]
		switch {
		case !ok1 || !ok2 || op.kind != kWord:
		case ok:
			return field{off: off, size: 1, rel: rel, value: v}, true, nil
		case op.text == "&":
			return field{off: off, size: 1, rel: someBits, value: v}, true, nil
		case op.text == "|":
			return compare{rel: notEqual, a: binary2{'|', bytesAt{index: number32(off), size: 1}, number32(v)}, b: number32(0)}, true, nil
		}
		return nil, true, errSyntax
	case "vlan":
		p.at++
		nested := 0
		for p.ahead(nested).text == "(" && p.ahead(nested).kind == kWord {
			nested++
		}
		if p.ahead(nested).kind != kNum {
			x, err = p.vlan(0, true)
			return x, true, err
		}
		p.at += nested
		n, _ := number()
		for range nested {
			if !p.accept(")") {
				return nil, true, errSyntax
			}
		}
		x, err = p.vlan(n, false)
		return x, true, err
	case "llc":
		p.at++
		if p.env.Link != Ethernet {
			return nil, true, fmt.Errorf("'llc' not supported for %s", p.env.Link.describe())
		}
		return all(field{off: p.link.typ, size: 2, rel: lessEqual, value: maxLength}, not{p.payload(0, 2, 0xffff)}), true, nil
	case "inbound", "outbound":
		return nil, true, errors.New("inbound/outbound not supported on " + p.env.Link.describe())
	case "mpls", "pppoed", "pppoes", "geneve":
		return nil, true, fmt.Errorf("'%s' is not supported in this lab", t.text)
	}
	return nil, false, nil
}

// qualified reads a protocol's word, or qualifiers and the name or number behind them.
func (p *parser) qualified() (x node, q qual, err error) {
	undef := qual{undef: true}
	if t := p.peek(); t.kind == kWord && isProto(t.text) {
		q.proto = t.text
		p.at++
	}
	if p.is("broadcast", "multicast") {
		x, err = p.cast(p.peek().text == "broadcast", q.proto)
		p.at++
		return x, undef, err
	}
	bare := true
	if p.is("src", "dst") {
		bare = false
		q.dir = p.peek().text
		p.at++
		if other := map[string]string{"src": "dst", "dst": "src"}[q.dir]; p.is("or", "and") && p.ahead(1).kind == kWord && p.ahead(1).text == other {
			q.dir = p.peek().text
			p.at += 2
		}
	}
	switch {
	case p.is("host", "net", "port", "portrange"), bare && p.is("proto", "protochain", "gateway"):
		bare = false
		q.addr = p.peek().text
		p.at++
	}
	if bare {
		if q.proto == "" {
			return nil, undef, errSyntax
		}
		x, err = p.abbrev(q.proto)
		return x, undef, err
	}
	x, err = p.id(q)
	return x, q, err
}

func isProto(word string) bool {
	_, link := linkProtos[word]
	_, ip := ipProtos[word]
	return link || ip || word == "ether" || word == "radio"
}

// number is a number where a name may be: gen_ncode.
func (p *parser) number(v uint32, q qual) (node, error) {
	switch {
	case q.undef:
		return nil, errSyntax
	case q.addr == "port", q.addr == "portrange":
		if v > 65535 {
			return nil, fmt.Errorf("illegal port number %d > 65535", v)
		}
		protos, err := portProtos(q)
		if err != nil {
			return nil, err
		}
		return p.ports(v, v, protos, q.dir), nil
	case q.addr == "proto":
		return p.proto(v, q)
	case q.addr == "protochain":
		return nil, errors.New("protochain not supported")
	case q.addr == "gateway":
		return nil, errors.New("'gateway' requires a name")
	case q.proto == "ether":
		return nil, errors.New("illegal link layer address")
	}
	mask := ^uint32(0)
	if q.addr == "net" {
		for v != 0 && v>>24 == 0 { // a short network number
			v, mask = v<<8, mask<<8
		}
	}
	return p.host(v, mask, q)
}

// portProtos are the protocols whose ports are meant.
func portProtos(q qual) ([]uint32, error) {
	switch q.proto {
	case "":
		return []uint32{protoSCTP, protoTCP, protoUDP}, nil
	case "tcp", "udp", "sctp":
		return []uint32{ipProtos[q.proto].n}, nil
	}
	return nil, fmt.Errorf("illegal qualifier of '%s'", q.addr)
}

// named is a name: gen_scode.
func (p *parser) named(name string, q qual) (node, error) {
	if q.undef {
		return nil, errSyntax
	}
	switch q.addr {
	case "net":
		return nil, fmt.Errorf("unknown network '%s'", name)
	case "port":
		n, protos, err := namedPort(name, q)
		if err != nil {
			return nil, err
		}
		return p.ports(n, n, protos, q.dir), nil
	case "portrange":
		lo, hi, protos, err := namedRange(name, q)
		if err != nil {
			return nil, err
		}
		return p.ports(lo, hi, protos, q.dir), nil
	case "gateway":
		return nil, errors.New("'gateway' not supported in this configuration")
	case "protochain":
		return nil, errors.New("protochain not supported")
	case "proto":
		return p.namedProto(name, q)
	}
	if q.proto == "ether" {
		return nil, fmt.Errorf("unknown ether host '%s'", name)
	}
	if p.env.Lookup != nil {
		if a, ok := p.env.Lookup(name); ok {
			switch {
			case a.Is4() && q.proto != "ip6":
				b := a.As4()
				return p.host(uint32(b[0])<<24|uint32(b[1])<<16|uint32(b[2])<<8|uint32(b[3]), ^uint32(0), q)
			case a.Is6() && q.proto != "ip":
				return p.host6(netip.PrefixFrom(a, 128), q)
			}
			return nil, fmt.Errorf("unknown host '%s' for specified address family", name)
		}
	}
	return nil, fmt.Errorf("unknown host '%s'", name)
}

func (p *parser) namedProto(name string, q qual) (node, error) {
	switch q.proto {
	case "", "ip", "ip6":
		n, ok := ipProtocols[name]
		if !ok {
			return nil, fmt.Errorf("unknown ip proto '%s'", name)
		}
		return p.proto(n, q)
	case "ether":
		n, ok := etherProtocols[name]
		if !ok {
			n, ok = llcProtocols[name]
		}
		if !ok {
			return nil, fmt.Errorf("unknown ether proto '%s'", name)
		}
		return p.proto(n, q)
	}
	return nil, fmt.Errorf("unknown protocol: %s", name)
}

// namedPort is a port by its name, which may be a number; it says of which protocols.
func namedPort(name string, q qual) (uint32, []uint32, error) {
	protos, err := portProtos(q)
	if err != nil {
		return 0, nil, err
	}
	if n, err := strconv.ParseUint(name, 10, 16); err == nil {
		return uint32(n), protos, nil
	}
	s, ok := services[name]
	in := ""
	if q.addr == "portrange" {
		in = " in range"
	}
	switch {
	case !ok:
		return 0, nil, fmt.Errorf("unknown port%s '%s'", in, name)
	case q.proto == "udp" && !s.udp:
		return 0, nil, fmt.Errorf("port%s '%s' is tcp", in, name)
	case q.proto == "tcp" && !s.tcp:
		return 0, nil, fmt.Errorf("port%s '%s' is udp", in, name)
	case q.proto == "" && !s.udp:
		protos = []uint32{protoTCP}
	case q.proto == "" && !s.tcp:
		protos = []uint32{protoUDP}
	}
	return uint32(s.port), protos, nil
}

// namedRange is "LOW-HIGH", or one port.
func namedRange(name string, q qual) (lo, hi uint32, protos []uint32, err error) {
	if lo, protos, err = namedPort(name, q); err == nil {
		return lo, lo, protos, nil
	}
	protos, err = portProtos(q)
	if err != nil {
		return 0, 0, nil, err
	}
	for i := range len(name) { // a name may have a - of its own
		if name[i] != '-' {
			continue
		}
		lo, _, err1 := namedPort(name[:i], q)
		hi, _, err2 := namedPort(name[i+1:], q)
		if err1 == nil && err2 == nil {
			return min(lo, hi), max(lo, hi), protos, nil
		}
	}
	return 0, 0, nil, fmt.Errorf("unknown port in range '%s'", name)
}

// short reads two to four numbers with dots between; they are the address's first bytes.
func short(text string) (addr uint32, bytes int, err error) {
	for part := range strings.SplitSeq(text, ".") {
		n, err := value(part)
		if err != nil || n > 255 {
			return 0, 0, fmt.Errorf("invalid IPv4 address '%s'", text)
		}
		addr = addr<<8 | n
		bytes++
	}
	return addr << (32 - 8*bytes), bytes, nil
}

// host4 is an IPv4 address, or a network with its mask: gen_ncode, gen_mcode.
func (p *parser) host4(text string, q qual) (node, error) {
	mask, shown := uint32(0), ""
	switch {
	case p.is("/") && p.ahead(1).kind == kNum:
		n := p.ahead(1).n
		p.at += 2
		if n > 32 {
			return nil, errors.New("mask length must be <= 32")
		}
		mask, shown = ^uint32(0)<<(32-n), fmt.Sprintf("%s/%d", text, n)
	case p.is("mask") && p.ahead(1).kind == kHost4:
		m := p.ahead(1).text
		p.at += 2
		var err error
		if mask, _, err = short(m); err != nil {
			return nil, err
		}
		shown = text + " mask " + m
	}
	if q.undef {
		return nil, errSyntax
	}
	switch q.addr {
	case "port", "portrange", "proto", "protochain":
		if shown == "" {
			return nil, fmt.Errorf("'%s' modifier applied to ip host", q.addr)
		}
	}
	addr, n, err := short(text)
	switch {
	case err != nil:
		return nil, err
	case shown != "" && addr&^mask != 0:
		return nil, fmt.Errorf("non-network bits set in \"%s\"", shown)
	case shown != "" && q.addr != "net":
		return nil, errors.New("Mask syntax for networks only") //nolint:staticcheck // libpcap's words
	case shown == "" && q.addr == "gateway":
		return nil, errors.New("'gateway' requires a name")
	case shown == "" && q.proto == "ether":
		return nil, errors.New("illegal link layer address")
	case shown == "":
		mask = ^uint32(0) << (32 - 8*n)
	}
	return p.host(addr, mask, q)
}

// address6 is an IPv6 address or network: gen_mcode6.
func (p *parser) address6(text string, q qual) (node, error) {
	a, err := netip.ParseAddr(text)
	if err != nil {
		return nil, fmt.Errorf("bogus IPv6 address %s", text)
	}
	length := uint32(128)
	if p.is("/") && p.ahead(1).kind == kNum {
		length = p.ahead(1).n
		p.at += 2
	}
	if length > 128 {
		return nil, errors.New("mask length must be <= 128")
	}
	x := netip.PrefixFrom(a, int(length))
	switch {
	case x.Masked() != x:
		return nil, fmt.Errorf("non-network bits set in \"%s/%d\"", text, length)
	case q.undef || q.addr != "" && q.addr != "host" && q.addr != "net":
		return nil, errors.New("invalid qualifier against IPv6 address")
	case q.addr != "net" && length != 128:
		return nil, errors.New("Mask syntax for networks only") //nolint:staticcheck // libpcap's words
	}
	return p.host6(x, q)
}

// errNoCompare says that what was read as a sum is none, or that no relation follows it.
var errNoCompare = errors.New("no comparison")

// sumBegins reports whether a sum may begin here.
func (p *parser) sumBegins() bool {
	t, next := p.peek(), p.ahead(1)
	return t.kind == kNum || p.is("len", "-", "(") || t.kind == kWord && isProto(t.text) && next.kind == kWord && next.text == "["
}

// compare reads two sums with a relation between.
func (p *parser) compare() (node, error) {
	a, guard, err := p.sum(0)
	if err != nil {
		return nil, err
	}
	rels := map[string]relation{">": greater, ">=": greaterEqual, "=": equal, "<=": lessEqual, "<": less, "!=": notEqual}
	rel, ok := rels[p.peek().text]
	if !ok || p.peek().kind != kWord {
		return nil, errNoCompare
	}
	p.at++
	b, more, err := p.sum(0)
	switch {
	case errors.Is(err, errNoCompare):
		return nil, errSyntax
	case err != nil:
		return nil, err
	case guard == nil:
		guard = more
	case more != nil:
		guard = and{guard, more}
	}
	return compare{guard, rel, a, b}, nil
}

// precedence of the operators of sums. The grammar gives % and ^ none, so that yacc shifts:
// they take all that follows.
var precedence = map[string]int{"|": 1, "&": 2, "<<": 3, ">>": 3, "+": 4, "-": 4, "*": 5, "/": 5, "%": 6, "^": 6}

// sum reads operators that bind closer than least; guard is what must hold for it.
func (p *parser) sum(least int) (s sum, guard node, err error) {
	s, guard, err = p.atom()
	for err == nil && p.peek().kind == kWord {
		op := p.peek().text
		prec := precedence[op]
		if prec <= least {
			break
		}
		p.at++
		under := prec
		if prec == 6 {
			under = 0
		}
		b, _, err := p.sum(under) // libpcap's gen_arth forgets what the right side asks for
		if err != nil {
			return nil, nil, err
		}
		if n, ok := b.(number32); ok {
			switch {
			case op == "/" && n == 0:
				return nil, nil, errors.New("division by zero")
			case op == "%" && n == 0:
				return nil, nil, errors.New("modulus by zero")
			case (op == "<<" || op == ">>") && bits.Len32(uint32(n)) > 5:
				return nil, nil, errors.New("shift by more than 31 bits")
			}
		}
		s = binary2{op[0], s, b}
	}
	return s, guard, err
}

// atom reads a number, len, bytes of a packet, or a sum in parentheses.
func (p *parser) atom() (sum, node, error) {
	if err := p.deeper(); err != nil {
		return nil, nil, err
	}
	defer func() { p.depth-- }()
	t := p.peek()
	switch {
	case t.kind == kNum:
		p.at++
		return number32(t.n), nil, nil
	case p.accept("len"):
		return length{}, nil, nil
	case p.accept("-"):
		s, guard, err := p.atom()
		return negative{s}, guard, err
	case p.accept("("):
		s, guard, err := p.sum(0)
		if err == nil && !p.accept(")") {
			err = errNoCompare
		}
		return s, guard, err
	case t.kind == kWord && isProto(t.text) && p.ahead(1).kind == kWord && p.ahead(1).text == "[":
		p.at += 2
		return p.bytes(t.text)
	}
	return nil, nil, errNoCompare
}

// bytes reads what stands in the brackets behind a protocol.
func (p *parser) bytes(word string) (sum, node, error) {
	index, guard, err := p.sum(0)
	size := uint32(1)
	if err == nil && p.accept(":") {
		if size = p.peek().n; p.peek().kind != kNum {
			return nil, nil, errSyntax
		}
		p.at++
	}
	switch {
	case errors.Is(err, errNoCompare), err == nil && !p.accept("]"):
		return nil, nil, errSyntax
	case err != nil:
		return nil, nil, err
	}
	s, more, err := p.bytesOf(word, index, size)
	switch {
	case guard == nil:
		guard = more
	case more != nil:
		guard = and{guard, more}
	}
	return s, guard, err
}
