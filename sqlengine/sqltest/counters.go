package sqltest

import (
	"fmt"
	"strings"

	"sluice/sqlengine"
)

// counters are a line for each operator, and its last exception.
func counters(stats []sqlengine.OpStats) string {
	var b strings.Builder
	for _, s := range stats {
		fmt.Fprintf(&b, "%s in %d out %d", s.Name, s.In, s.Out)
		for _, c := range []struct {
			name  string
			count uint64
		}{{"exceptions", s.Exceptions}, {"late", s.Late}, {"held", s.Held}} {
			if c.count > 0 {
				fmt.Fprintf(&b, " %s %d", c.name, c.count)
			}
		}
		if s.LastException != "" {
			b.WriteString(": " + s.LastException)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
