package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// refusal is an error that the service answered with.
type refusal struct {
	status   int
	message  string
	findings []finding
}

func (e *refusal) Error() string { return e.message }

// ExitCode tells a wrong token apart.
func (e *refusal) ExitCode() int {
	if e.status == http.StatusUnauthorized {
		return exitToken
	}
	return exitRefused
}

// longestText bounds what is shown of an answer that is no error of the rules
// API.
const longestText = 2000

func refused(a *answer) error {
	if a.status == http.StatusUnauthorized {
		return &refusal{status: a.status,
			message: "the service wants a token; give the content of its DataDir/token with --token or SLUICE_TOKEN, or its file with --token-file"}
	}
	var f struct {
		Message  string
		Hint     string
		Findings []finding
	}
	if json.Unmarshal([]byte(a.body), &f) == nil && f.Message != "" {
		return &refusal{a.status, withHint(f.Message, f.Hint), f.Findings}
	}
	text := strings.TrimSpace(a.body)
	if text == "" || strings.HasPrefix(text, "<") { // the page of some other server
		return &refusal{status: a.status, message: fmt.Sprintf("%d %s; is this the address of the rules API?", a.status, http.StatusText(a.status))}
	}
	if len(text) > longestText {
		text = strings.ToValidUTF8(text[:longestText], "") + " …"
	}
	return &refusal{status: a.status, message: text}
}
