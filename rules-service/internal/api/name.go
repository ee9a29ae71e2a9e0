package api

import (
	"fmt"
	"net/http"
	"regexp"
)

// plainName is what a name may be that clients give to something; those in
// files may have others.
var plainName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// checkPlainName refuses other names for what is new.
func checkPlainName(name string) error {
	if name == "" || plainName.MatchString(name) {
		return nil // what needs a name says so
	}
	err := fmt.Errorf("name %q may only have letters, digits, _ and -", name)
	return &located{http.StatusBadRequest, codeUndefined, err}
}
