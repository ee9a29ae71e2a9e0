package function

import (
	"strings"
	"unicode"
)

var (
	endswith   = ofTwoTexts("endswith", "Whether the first text ends with the second.", strings.HasSuffix, Example{`endswith("mya", "ya")`, `true`}, Example{`endswith(NULL, "a")`, `false`})
	startswith = ofTwoTexts("startswith", "Whether the first text starts with the second.", strings.HasPrefix, Example{`startswith("mya", "my")`, `true`}, Example{`startswith("mya", "ya")`, `false`})

	lower   = ofText("lower", "The text in lower case.", strings.ToLower, Example{`lower("NYC Ä")`, `"nyc ä"`})
	upper   = ofText("upper", "The text in upper case.", strings.ToUpper, Example{`upper("nyc ä")`, `"NYC Ä"`})
	trim    = ofText("trim", "The text without white space at both ends.", strings.TrimSpace, Example{`trim(" a b ")`, `"a b"`})
	ltrim   = ofText("ltrim", "The text without white space at its start.", func(s string) string { return strings.TrimLeftFunc(s, unicode.IsSpace) }, Example{`ltrim(" a b ")`, `"a b "`})
	rtrim   = ofText("rtrim", "The text without white space at its end.", func(s string) string { return strings.TrimRightFunc(s, unicode.IsSpace) }, Example{`rtrim(" a b ")`, `" a b"`})
	reverse = ofText("reverse", "The characters of the text from the last to the first.", reversed, Example{`reverse("aé中")`, `"中éa"`})
)

func reversed(s string) string {
	var b strings.Builder
	runes := []rune(s)
	for i := len(runes) - 1; i >= 0; i-- {
		b.WriteRune(runes[i])
	}
	return b.String()
}
