package netem

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Units as tc(8) of iproute2 6.1 reads and shows them (lib/utils.c, tc/tc_util.c).

// number cuts the number off that a word begins with, as strtod does.
func number(s string) (v float64, unit string, ok bool) {
	i := 0
	for i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] == '.' || i == 0 && s[i] == '-') {
		i++
	}
	v, err := strconv.ParseFloat(s[:i], 64)
	return v, strings.ToLower(s[i:]), err == nil
}

// isNumber is tc's NEXT_IS_NUMBER.
func isNumber(s string) bool { return s != "" && s[0] >= '0' && s[0] <= '9' }

func isSigned(s string) bool {
	return isNumber(s) || len(s) > 1 && (s[0] == '-' || s[0] == '+') && isNumber(s[1:])
}

// parseTime reads a time; without a unit it is in microseconds. What is no whole number
// of ticks is cut to one.
func parseTime(s string) (time.Duration, error) {
	v, unit, ok := number(s)
	if !ok {
		return 0, fmt.Errorf("%q is no time: say 10ms, 1.5s or 200us", s)
	}
	switch unit {
	case "s", "sec", "secs":
		v *= 1e6
	case "ms", "msec", "msecs":
		v *= 1e3
	case "us", "usec", "usecs", "":
	default:
		return 0, fmt.Errorf("%q is no time: its unit is s, ms or us", s)
	}
	ticks := math.Trunc(v) * 15.625
	if ticks < 0 || ticks > maxTicks {
		return 0, fmt.Errorf("the time %s is not between 0 and 274s", s)
	}
	return time.Duration(ticks) * tick, nil
}

// parseTime64 reads a time of a slot; without a unit it is in nanoseconds.
func parseTime64(s string) (time.Duration, error) {
	v, unit, ok := number(s)
	if !ok {
		return 0, fmt.Errorf("%q is no time: say 10ms, 1.5s or 200us", s)
	}
	switch unit {
	case "s", "sec", "secs":
		v *= 1e9
	case "ms", "msec", "msecs":
		v *= 1e6
	case "us", "usec", "usecs":
		v *= 1e3
	case "ns", "nsec", "nsecs", "":
	default:
		return 0, fmt.Errorf("%q is no time: its unit is s, ms, us or ns", s)
	}
	if v < 0 || v > float64(maxTicks*tick) {
		return 0, fmt.Errorf("the time %s is not between 0 and 274s", s)
	}
	return time.Duration(v), nil
}

func parsePercent(s string) (Percent, error) {
	v, unit, ok := number(s)
	if !ok || unit != "" && unit != "%" || v < 0 || v > 100 {
		return 0, fmt.Errorf("%q is no percentage: say 0%% to 100%%", s)
	}
	return percent(v / 100), nil
}

func percent(p float64) Percent { return Percent(math.RoundToEven(p * whole)) }

var rateUnits = map[string]float64{
	"": 1, "bit": 1, "kbit": 1e3, "mbit": 1e6, "gbit": 1e9, "tbit": 1e12,
	"kibit": 1 << 10, "mibit": 1 << 20, "gibit": 1 << 30, "tibit": 1 << 40,
	"bps": 8, "kbps": 8e3, "mbps": 8e6, "gbps": 8e9, "tbps": 8e12,
	"kibps": 8 << 10, "mibps": 8 << 20, "gibps": 8 << 30, "tibps": 8 << 40,
}

// parseRate reads a rate, in bits a second without a unit, and returns bytes a second:
// mbit is 10^6 bits, mbps 10^6 bytes.
func parseRate(s string) (uint64, error) {
	v, unit, ok := number(s)
	scale, known := rateUnits[unit]
	if !ok || !known || v < 0 || v*scale > 1e15 {
		return 0, fmt.Errorf("%q is no rate: say 1mbit, 500kbit or 10gbit", s)
	}
	return uint64(v * scale / 8), nil
}

var sizeUnits = map[string]float64{
	"": 1, "b": 1, "k": 1 << 10, "kb": 1 << 10, "m": 1 << 20, "mb": 1 << 20, "g": 1 << 30, "gb": 1 << 30,
	"kbit": 1 << 7, "mbit": 1 << 17, "gbit": 1 << 27,
}

func parseSize(s string, limit int) (int, error) {
	v, unit, ok := number(s)
	scale, known := sizeUnits[unit]
	if !ok || !known || v < 0 || v*scale > float64(limit) {
		return 0, fmt.Errorf("%q is not between 0 and %d", s, limit)
	}
	return int(v * scale), nil
}

func parseInt(s string, least, limit int64) (int, error) {
	n, err := strconv.ParseInt(s, 0, 64)
	if err != nil || n < least || n > limit {
		return 0, fmt.Errorf("%q is no number between %d and %d", s, least, limit)
	}
	return int(n), nil
}

// sixDigits is what C's %g keeps of a number.
func sixDigits(v float64) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 6, 64), 64)
	if err != nil {
		return v
	}
	return r
}

// showTime is a time as tc shows it: to three digits, in whole microseconds below one
// millisecond.
func showTime(d time.Duration) string {
	us := float64(d / time.Microsecond)
	switch {
	case us >= 1e6:
		return strconv.FormatFloat(us/1e6, 'g', 3, 64) + "s"
	case us >= 1e3:
		return strconv.FormatFloat(us/1e3, 'g', 3, 64) + "ms"
	}
	return fmt.Sprintf("%.0fus", us)
}

// showRate is a rate as tc shows it: in the largest unit of which it is a whole number, or
// at least 1000.
func showRate(bytes uint64) string {
	v := bytes * 8
	units := [...]string{"", "K", "M", "G", "T"}
	i := 0
	for ; i < len(units)-1; i++ {
		if v < 1000 || v%1000 != 0 && v < 1000*1000 {
			break
		}
		v /= 1000
	}
	return fmt.Sprintf("%d%sbit", v, units[i])
}
