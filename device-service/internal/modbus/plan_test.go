package modbus

import (
	"flag"
	"fmt"
	"math/bits"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"pgregory.net/rapid"

	"sluice/device-service/internal/driver"
)

var update = flag.Bool("update", false, "rewrite the requests of testdata/plan")

// TestPlan runs the cases of testdata/plan: resources that are wanted, and the
// requests that read them, each with the wanted it answers.
func TestPlan(t *testing.T) {
	files, err := filepath.Glob("testdata/plan/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { runPlanCase(t, file) })
	}
}

func runPlanCase(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	l, b := Options{}.withDefaults().limits(), &borders{}
	var wanted []span
	for i, f := range archive.Files {
		lines := strings.Split(strings.TrimSpace(string(f.Data)), "\n")
		switch f.Name {
		case "options":
			for _, line := range lines {
				setPlanOption(t, &l, b, strings.Fields(line))
			}
		case "wanted":
			for _, line := range lines {
				wanted = append(wanted, wantedSpan(t, strings.Fields(line)))
			}
		case "requests":
			got := describe(plan(wanted, l, b), wanted)
			if *update {
				archive.Files[i].Data = []byte(got)
				break
			}
			if diff := cmp.Diff(string(f.Data), got); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		}
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func setPlanOption(t *testing.T, l *limits, b *borders, words []string) {
	n, err := strconv.Atoi(words[len(words)-1])
	if err != nil {
		t.Fatal(err)
	}
	switch words[0] {
	case "gap":
		l.registerGap, l.bitGap = n, n
	case "max":
		l.registers = n
	case "border":
		b.set(tables[words[1]], n)
	default:
		t.Fatalf("unknown option %q", words[0])
	}
}

// wantedSpan reads "Float32 HOLDING_REGISTERS 4" or "String:8 HOLDING_REGISTERS 4".
func wantedSpan(t *testing.T, words []string) span {
	kind, size, _ := strings.Cut(words[0], ":")
	r := resource("r", driver.Type(kind), words[1], words[2])
	if size != "" {
		r.Attributes[stringRegisterSize] = size
	}
	a, err := parseAddress(r, addressing{})
	if err != nil {
		t.Fatal(err)
	}
	return a.span
}

func describe(groups []group, wanted []span) string {
	var s strings.Builder
	for _, g := range groups {
		fmt.Fprintf(&s, "%s\n", g.span)
		if len(g.members) > 12 {
			fmt.Fprintf(&s, "\t%d values, %s … %s\n", len(g.members), wanted[g.members[0]], wanted[g.members[len(g.members)-1]])
			continue
		}
		for _, i := range g.members {
			fmt.Fprintf(&s, "\t%s\n", wanted[i])
		}
	}
	return s.String()
}

// drawSpan draws a span of at most 8 within a few addresses, so that spans
// meet and overlap.
func drawSpan(t *rapid.T) span {
	s := span{table: table(rapid.IntRange(0, 3).Draw(t, "table")), start: rapid.IntRange(0, 60).Draw(t, "start"), count: 1}
	if !s.table.bits() {
		s.count = rapid.IntRange(1, 8).Draw(t, "count")
	}
	return s
}

func drawLimits(t *rapid.T) limits {
	gap, most := rapid.IntRange(0, 10).Draw(t, "gap"), rapid.IntRange(8, 40).Draw(t, "most")
	return limits{registers: most, bits: most, registerGap: gap, bitGap: gap}
}

// Whatever is wanted: each value is answered once, by a request that covers it
// and is within the limits, and there are no more requests than values.
func TestPlanIsLegal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wanted := rapid.SliceOf(rapid.Custom(drawSpan)).Draw(t, "wanted")
		l, b := drawLimits(t), &borders{}
		for range rapid.IntRange(0, 4).Draw(t, "borders") {
			b.set(table(rapid.IntRange(0, 3).Draw(t, "border table")), rapid.IntRange(1, 60).Draw(t, "border"))
		}
		groups := plan(wanted, l, b)
		if len(groups) > len(wanted) {
			t.Fatalf("%d requests for %d values", len(groups), len(wanted))
		}
		answered := make([]int, len(wanted))
		for _, g := range groups {
			checkLegal(t, g, wanted, l, b)
			for _, i := range g.members {
				answered[i]++
			}
		}
		for i, n := range answered {
			if n != 1 {
				t.Fatalf("%s is answered %d times", wanted[i], n)
			}
		}
	})
}

func checkLegal(t *rapid.T, g group, wanted []span, l limits, b *borders) {
	one := false
	for _, i := range g.members {
		if !g.covers(wanted[i]) {
			t.Fatalf("%s does not cover %s", g.span, wanted[i])
		}
		one = one || wanted[i] == g.span
	}
	if g.span != regroup(g.members, wanted).span {
		t.Fatalf("%s reads more than from the first to the last value", g.span)
	}
	if one {
		return // a value is read as a whole whatever the limits say
	}
	count, gap := l.of(g.table)
	if g.count > count || b.within(g.span) {
		t.Fatalf("%s is over the cap of %d or crosses a border", g.span, count)
	}
	if !legal(g.members, wanted, count, gap) {
		t.Fatalf("%s has a gap over %d", g.span, gap)
	}
}

// legal tells whether values may be read together, by marking their addresses.
func legal(members []int, wanted []span, count, gap int) bool {
	low, high := wanted[members[0]].start, 0
	marked := map[int]bool{}
	for _, i := range members {
		s := wanted[i]
		low, high = min(low, s.start), max(high, s.end())
		for n := s.start; n < s.end(); n++ {
			marked[n] = true
		}
	}
	empty := 0
	for n := low; n < high; n++ {
		empty++
		if marked[n] {
			empty = 0
		}
		if empty > gap {
			return false
		}
	}
	return high-low <= count
}

// No division of a few values into requests has fewer than the plan.
func TestPlanIsOptimal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wanted := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) span {
			s := drawSpan(t)
			s.table = holdingRegisters
			return s
		}), 1, 8).Draw(t, "wanted")
		l := drawLimits(t)
		if got, best := len(plan(wanted, l, &borders{})), fewest(wanted, l); got != best {
			t.Fatalf("%d requests, %d are enough", got, best)
		}
	})
}

// fewest tries all divisions into sets: best[s] is the fewest requests for the
// set s of values.
func fewest(wanted []span, l limits) int {
	count, gap := l.of(holdingRegisters)
	all := 1<<len(wanted) - 1
	single := make([]bool, all+1)
	for s := 1; s <= all; s++ {
		var members []int
		for i := range wanted {
			if s>>i&1 == 1 {
				members = append(members, i)
			}
		}
		single[s] = legal(members, wanted, count, gap)
	}
	best := make([]int, all+1)
	for s := 1; s <= all; s++ {
		best[s] = bits.OnesCount(uint(s))
		for part := s; part > 0; part = (part - 1) & s {
			if single[part] {
				best[s] = min(best[s], 1+best[s&^part])
			}
		}
	}
	return best[all]
}

func TestSplitTakesTheLargestGapElseTheMiddle(t *testing.T) {
	at := func(starts ...int) (wanted []span, g group) {
		for _, n := range starts {
			wanted = append(wanted, span{holdingRegisters, n, 1})
			g.members = append(g.members, len(g.members))
		}
		return wanted, regroup(g.members, wanted)
	}
	for _, c := range []struct {
		starts []int
		left   int
	}{
		{[]int{0, 1, 2, 3}, 2}, {[]int{0, 1}, 1}, {[]int{0, 2, 4, 6, 8, 10}, 3}, {[]int{0, 9, 10, 11, 12}, 1}, {[]int{0, 1, 2, 3, 8}, 4},
	} {
		wanted, g := at(c.starts...)
		left, right := g.split(wanted)
		if len(left.members) != c.left || len(left.members)+len(right.members) != len(wanted) {
			t.Errorf("%v: %d to the left, want %d", c.starts, len(left.members), c.left)
		}
		if left.end() > right.start {
			t.Errorf("%v: %s and %s", c.starts, left.span, right.span)
		}
	}
}

func BenchmarkPlan(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		wanted := make([]span, n)
		for i := range wanted {
			wanted[i] = span{holdingRegisters, (i * 7919) % 20000, 1 + i%4}
		}
		slices.Reverse(wanted)
		l := Options{}.withDefaults().limits()
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				plan(wanted, l, &borders{})
			}
		})
	}
}
