package mark

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Points are thousandths of a point: scenarios give whole ones, and people give parts of
// them by hand. The sum of some is what a person would add up, as it is not of floats.
type Points int64

// MaxPoints is more than any lesson gives. Nobody means more.
const MaxPoints = 1_000_000 * point

const point Points = 1000

// Whole is a number of whole points.
func Whole(n int) Points { return Points(n) * point }

// FromFloat is a number of points that somebody typed, which has at most three decimals
// and is neither negative nor beyond MaxPoints.
func FromFloat(f float64) (Points, error) {
	switch n := f * float64(point); {
	case math.IsNaN(n) || n < 0 || n > float64(MaxPoints):
		return 0, fmt.Errorf("points are a number from 0 to %s", MaxPoints)
	case math.Abs(n-math.Round(n)) > 1e-6:
		return 0, errors.New("points have at most three decimals")
	default:
		return Points(math.Round(n)), nil
	}
}

// Float is the number of points.
func (p Points) Float() float64 { return float64(p) / float64(point) }

// String is the number with the decimals that it has: "7", "7.5", "0".
func (p Points) String() string {
	sign := ""
	if p < 0 {
		sign, p = "-", -p
	}
	s := sign + strconv.FormatInt(int64(p/point), 10)
	if part := p % point; part != 0 {
		s += "." + strings.TrimRight(fmt.Sprintf("%03d", part), "0")
	}
	return s
}
