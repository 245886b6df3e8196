package main

import (
	"math"
	"slices"
	"testing"
)

func TestSpread(t *testing.T) {
	for _, tc := range []struct {
		name string
		xs   []float64
		want Spread
	}{
		{"one figure is all three", []float64{5}, Spread{5, 5, 5}},
		{"odd: the one in the middle", []float64{9, 1, 4}, Spread{4, 1, 9}},
		{"even: between the two in the middle", []float64{8, 1, 4, 2}, Spread{3, 1, 8}},
		{"an outlier moves only its end", []float64{2, 2, 900, 2, 2}, Spread{2, 2, 900}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			before := slices.Clone(tc.xs)
			if got := spread(tc.xs); got != tc.want {
				t.Errorf("spread(%v) = %v, want %v", tc.xs, got, tc.want)
			}
			if !slices.Equal(tc.xs, before) {
				t.Errorf("spread changed its argument to %v", tc.xs)
			}
		})
	}
	if got := spread(nil); !math.IsNaN(got.Median) {
		t.Errorf("spread of nothing is %v, want NaN", got)
	}
}

func TestRatiosAreTakenInsideEachRound(t *testing.T) {
	// The machine is twice as slow in the second round: the ratio stays.
	if got, want := ratios([]float64{30, 60, 45}, []float64{10, 20, 10}), []float64{3, 3, 4.5}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := ratios([]float64{30, 60}, []float64{10}); !slices.Equal(got, []float64{3}) {
		t.Errorf("a round without its peer: got %v, want the one that has it", got)
	}
}

func TestNumber(t *testing.T) {
	for _, tc := range []struct {
		x    float64
		want string
	}{
		{0, "0"},
		{0.0031, "0.0031"},
		{0.077, "0.077"},
		{1.234, "1.23"},
		{45.678, "45.7"},
		{1133.4, "1133"},
		{2830000, "2.83M"},
		{76400, "76.4k"},
		{math.NaN(), "-"},
	} {
		if got := number(tc.x); got != tc.want {
			t.Errorf("number(%v) = %q, want %q", tc.x, got, tc.want)
		}
	}
}
