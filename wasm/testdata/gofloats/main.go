//go:build wasip1

// Gofloats does arithmetic with numbers at the edges, and prints what the bits of the
// results come to. floats.c does the same in C: the lines that begin with "ieee" must
// be the same in both, since IEEE 754 and WebAssembly leave nothing open there once
// NaNs are canonical.
package main

import (
	"fmt"
	"math"
	"strconv"
)

var corpus64 = []uint64{
	0x0000000000000000, 0x8000000000000000, // zeros
	0x0000000000000001, 0x800fffffffffffff, // subnormal
	0x0010000000000000, 0x7fefffffffffffff, // the least and the largest normal
	0x3ff0000000000000, 0xbff0000000000000, 0x3ff0000000000001,
	0x3fb999999999999a, 0x400921fb54442d18, 0xc02e000000000000,
	0x41dfffffffc00000, 0x4330000000000001, 0x47efffffe0000000,
	0x7ff0000000000000, 0xfff0000000000000, // infinities
	0x7ff8000000000000, 0xfff8000000000000, 0x7ff8dead0000beef,
	0x7ff0000000000001, 0xfff4000000000000, // signalling NaNs
}

const empty = 0xcbf29ce484222325

var hash uint64 = empty

func add(v uint64) {
	for range 8 {
		hash = (hash ^ v&0xff) * 0x100000001b3
		v >>= 8
	}
}

func add64(d float64) { add(math.Float64bits(d)) }
func add32(f float32) { add(uint64(math.Float32bits(f))) }

func addText(s string) {
	for i := range len(s) {
		add(uint64(s[i]))
	}
}

func number(i int) float64 { return math.Float64frombits(corpus64[i]) }

func report(what string) {
	fmt.Printf("%s %016x\n", what, hash)
	hash = empty
}

func bit(b bool, n int) uint64 {
	if b {
		return 1 << n
	}
	return 0
}

// each calls f with every pair of numbers.
func each(f func(a, b float64)) {
	for i := range corpus64 {
		for j := range corpus64 {
			f(number(i), number(j))
		}
	}
}

func main() {
	each(func(a, b float64) {
		add64(a + b)
		add64(a - b)
		add64(a * b)
		add64(a / b)
		add(bit(a < b, 0) | bit(a == b, 1) | bit(a >= b, 2))
	})
	report("ieee f64")
	each(func(a, b float64) {
		c, d := float32(a), float32(b)
		add32(c + d)
		add32(c - d)
		add32(c * d)
		add32(c / d)
	})
	report("ieee f32")
	for i := range corpus64 {
		a := number(i)
		add64(math.Sqrt(a))
		add64(float64(float32(a)))
		add32(float32(a))
		add64(math.Floor(a))
		add64(math.Ceil(a))
		add64(math.Trunc(a))
		add64(math.Copysign(1, a))
		if a > -9e18 && a < 9e18 {
			add(uint64(int64(a)))
			add64(float64(int64(a)))
		}
	}
	report("ieee conversions")
	each(func(a, b float64) {
		add64(min(a, b))
		add64(max(a, b))
		add64(math.Mod(a, b))
	})
	report("min max mod")
	for i := range corpus64 {
		a := number(i)
		add64(math.Sin(a))
		add64(math.Exp(a))
		add64(math.Log(a))
		add64(math.Pow(a, 1.5))
		add64(math.FMA(a, a, 1))
		add64(math.RoundToEven(a))
	}
	report("functions")
	for i := range corpus64 {
		a := number(i)
		for _, form := range []byte("gex") {
			addText(strconv.FormatFloat(a, form, -1, 64))
			addText(strconv.FormatFloat(float64(float32(a)), form, -1, 32))
		}
	}
	report("text")
	a := 0.5
	for range 20_000 {
		a = float64(3.9999*a)*(1-a) + float64(math.Sqrt(a)*1e-9)
		add64(a)
	}
	report("ieee chaos")
}
