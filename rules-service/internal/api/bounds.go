package api

import "strings"

// large are the calls that take many definitions or files.
var large = []string{"/apply", "/ruleset/import", "/data/import", "/v2/data/import", "/async/data/import", "/config/uploads", "/schemas/", "/import/"}

// takesMuch tells whether the bodies of a path may be larger than those of
// other calls.
func takesMuch(path string) bool {
	for _, prefix := range large {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}
