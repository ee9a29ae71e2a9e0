package metadata

import (
	"errors"
	"fmt"
	"net/http"
)

// refusal is an error with the status that the client gets.
type refusal struct {
	status int
	text   string
}

func (e *refusal) Error() string { return e.text }

func refuse(status int, format string, args ...any) error {
	return &refusal{status: status, text: fmt.Sprintf(format, args...)}
}

func missing(noun, name string) error {
	return refuse(http.StatusNotFound, "%s %q does not exist", noun, name)
}

func exists(noun, name string) error {
	return refuse(http.StatusConflict, "%s %q already exists", noun, name)
}

// statusOf is 500 for errors of our own, such as a full disk.
func statusOf(err error) int {
	var r *refusal
	if errors.As(err, &r) {
		return r.status
	}
	return http.StatusInternalServerError
}
