package geneva

import (
	"fmt"
	"regexp"
)

// deepest is how deep keys and values may be in each other. A configuration
// needs 4; the library takes any depth, until time, memory or stack run out.
const deepest = 16

// quoted are the texts and comments of TOML.
var quoted = regexp.MustCompile(`(?s)"""(?:\\.|[^\\])*?"{3,5}|'''.*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|#[^\n]*`)

// checkDepth refuses a configuration that is too deep, before it is read.
func checkDepth(text string) error {
	brackets, dots := 0, 0
	for _, r := range quoted.ReplaceAllString(text, "") {
		switch r {
		case '[', '{':
			brackets++
		case ']', '}':
			brackets--
		case '.':
			dots++
		case '\n', '=', ',':
			dots = 0
		}
		if brackets+dots > deepest {
			return fmt.Errorf("keys or values are more than %d deep in each other", deepest)
		}
	}
	return nil
}
