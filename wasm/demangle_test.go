package wasm

import (
	"strings"
	"testing"
)

func TestDemangle(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"C", "parse", "parse"},
		{"Go", "main.parse", "main.parse"},
		{"C++, a function", "_Z5parsePKci", "parse"},
		{"a member", "_ZN6Parser4nextEv", "Parser::next"},
		{"a member that is const", "_ZNK6Parser4peekEv", "Parser::peek"},
		{"a constructor", "_ZN6ParserC2Ev", "Parser::Parser"},
		{"a destructor", "_ZN6ParserD1Ev", "Parser::~Parser"},
		{"of the standard library", "_ZNSt3__26vectorIiNS_9allocatorIiEEE9push_backERKi", "std::__2::vector::push_back"},
		{"std by itself", "_ZSt9terminatev", "std::terminate"},
		{"a template", "_Z4swapIiEvRT_S1_", "swap"},
		{"an operator stays", "_ZN1AplERKS_", "_ZN1AplERKS_"},
		{"Rust", "_ZN4ping5parse17h0123456789abcdefE", "ping::parse"},
		{"Rust, a panic", "_ZN4core9panicking18panic_bounds_check17hfedcba9876543210E", "core::panicking::panic_bounds_check"},
		{"Rust, a trait", "_ZN60_$LT$ping..Frame$u20$as$u20$core..convert..From$LT$T$GT$$GT$4from17h0123456789abcdefE", "<ping::Frame as core::convert::From<T>>::from"},
		{"a name that is cut", "_ZN6Parse", "_ZN6Parse"},
		{"a length without end", "_ZN99999999999999999999aE", "_ZN99999999999999999999aE"},
		{"nothing", "_ZN", "_ZN"},
		{"nothing at all", "", ""},
		{"arguments without end", "_Z1aI1b", "_Z1aI1b"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := demangle(tc.in); got != tc.want {
				t.Errorf("%s: got %q, want %q", tc.in, got, tc.want)
			}
		})
	}
}

func FuzzDemangle(f *testing.F) {
	f.Add("_ZN4core9panicking5panic17h0123456789abcdefE")
	f.Add("_ZNSt3__26vectorIiNS_9allocatorIiEEE9push_backERKi")
	f.Fuzz(func(t *testing.T, name string) {
		if got := demangle(name); len(got) > 2*len(name)+2 || !strings.HasPrefix(name, "_Z") && got != name {
			t.Errorf("%q becomes %q", name, got)
		}
	})
}
