package wecom

import (
	"slices"
	"strings"
)

// names are those who a message is for, each once.
type names []string

// add adds a list with commas between the names.
func (n *names) add(list string) {
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimSpace(name); name != "" && !slices.Contains(*n, name) {
			*n = append(*n, name)
		}
	}
}
