package definition

import (
	"encoding/json"
	"errors"
	"regexp"
	"strconv"
)

// Error is what is wrong with a file.
type Error struct {
	File string
	Place
	Message string // without the place
	text    string
}

func (e *Error) Error() string { return e.File + ": " + e.text }

func fault(file string, at Place, err error) *Error {
	return &Error{file, at, err.Error(), err.Error()}
}

// placeInJSON is where a text stops being JSON.
func placeInJSON(text string, err error) Place {
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return Place{1, 1}
	}
	return newLines(text).place(max(0, min(int(syntax.Offset), len(text))-1))
}

var yamlLine = regexp.MustCompile(`\bline (\d+)\b`)

// placeInYAML takes the line from the text of the error, the only place where
// the library has it.
func placeInYAML(err error) Place {
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		if line, err := strconv.Atoi(m[1]); err == nil {
			return Place{line, 1}
		}
	}
	return Place{1, 1}
}
