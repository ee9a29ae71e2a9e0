package sqltest

import (
	"slices"
	"strings"
)

// Diff compares the results that the case expects with those of a run, section
// by section. It is empty when they agree: "-" marks lines that were expected
// and did not come, "+" lines that came unexpectedly. Blank lines do not
// count, nor does the way in which the JSON of the output is written.
func (c *Case) Diff(got *Case) string {
	var b strings.Builder
	for _, name := range results {
		want, came := significant(c.archive.text(name)), significant(got.archive.text(name))
		for i, line := range want {
			if name == "output" && !slices.Contains(came, line) {
				want[i] = normal(line)
			}
		}
		lines := diffLines(want, came)
		if slices.ContainsFunc(lines, diffLine.differs) {
			b.WriteString(name + "\n")
			writeDiff(&b, lines)
		}
	}
	return b.String()
}

// significant are the lines of a text that are not blank.
func significant(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, " \t\n"); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// diffLine is a line of a comparison; its mark is '-', '+' or ' '.
type diffLine struct {
	mark byte
	text string
}

func (l diffLine) differs() bool { return l.mark != ' ' }

// maxCells bounds the table of a comparison; beyond it everything between the
// equal ends counts as different.
const maxCells = 1 << 22

// diffLines compares two texts by their longest common subsequence.
func diffLines(want, got []string) []diffLine {
	var head, tail []diffLine
	for len(want) > 0 && len(got) > 0 && want[0] == got[0] {
		head = append(head, diffLine{' ', want[0]})
		want, got = want[1:], got[1:]
	}
	for len(want) > 0 && len(got) > 0 && want[len(want)-1] == got[len(got)-1] {
		tail = append(tail, diffLine{' ', want[len(want)-1]})
		want, got = want[:len(want)-1], got[:len(got)-1]
	}
	slices.Reverse(tail)
	return slices.Concat(head, diffMiddle(want, got), tail)
}

func diffMiddle(want, got []string) []diffLine {
	common := commonLengths(want, got)
	var lines []diffLine
	i, j := 0, 0
	for i < len(want) || j < len(got) {
		switch {
		case common != nil && i < len(want) && j < len(got) && want[i] == got[j]:
			lines = append(lines, diffLine{' ', want[i]})
			i++
			j++
		case i < len(want) && (common == nil || j == len(got) || common[i+1][j] >= common[i][j+1]):
			lines = append(lines, diffLine{'-', want[i]})
			i++
		default:
			lines = append(lines, diffLine{'+', got[j]})
			j++
		}
	}
	return lines
}

// commonLengths holds the length of the longest common subsequence of want[i:]
// and got[j:]; nil when that would be too large.
func commonLengths(want, got []string) [][]int {
	if (len(want)+1)*(len(got)+1) > maxCells {
		return nil
	}
	table := make([][]int, len(want)+1)
	for i := range table {
		table[i] = make([]int, len(got)+1)
	}
	for i := len(want) - 1; i >= 0; i-- {
		for j := len(got) - 1; j >= 0; j-- {
			if want[i] == got[j] {
				table[i][j] = 1 + table[i+1][j+1]
			} else {
				table[i][j] = max(table[i+1][j], table[i][j+1])
			}
		}
	}
	return table
}

// shownAround is how many equal lines stand around a difference.
const shownAround = 3

func writeDiff(b *strings.Builder, lines []diffLine) {
	shown := make([]bool, len(lines))
	for i, l := range lines {
		if !l.differs() {
			continue
		}
		for j := max(0, i-shownAround); j < min(len(lines), i+shownAround+1); j++ {
			shown[j] = true
		}
	}
	for i, l := range lines {
		switch {
		case shown[i]:
			b.WriteString("  " + string(l.mark) + " " + l.text + "\n")
		case i == 0 || shown[i-1]:
			b.WriteString("    …\n")
		}
	}
}
