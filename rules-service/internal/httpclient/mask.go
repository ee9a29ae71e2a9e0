package httpclient

import (
	"regexp"
	"strings"
)

var (
	userPassword = regexp.MustCompile(`(://[^/?#\s"@:]*):[^/?#\s"]*@`)
	keyParameter = regexp.MustCompile(`(?i)([?&](?:` + strings.Join(secretParameters, "|") + `)=)[^&#\s"]+`)
	hookPath     = regexp.MustCompile(`(/hook/)[^/?#\s"]+`)
)

// Mask hides the secrets of all URLs in a text, and leaves the rest of it as it
// is.
func Mask(text string) string {
	if !strings.Contains(text, "://") {
		return text
	}
	text = userPassword.ReplaceAllString(text, "$1:"+hidden+"@")
	text = keyParameter.ReplaceAllString(text, "$1"+hidden)
	return hookPath.ReplaceAllString(text, "$1"+hidden)
}
