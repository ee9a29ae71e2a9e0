package diag

import "unicode/utf8"

// Finding is an Error as programs read it: editors, REST clients.
type Finding struct {
	Code    Code   `json:"code"`
	Line    int    `json:"line"`   // from 1
	Column  int    `json:"column"` // from 1, in characters
	Length  int    `json:"length"` // of the marked text, in characters
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// Findings are the errors with their places in the text that was compiled.
// They marshal to JSON.
func (l List) Findings(text string) []Finding {
	list := make([]Finding, len(l))
	for i, e := range l {
		line, column := e.Position(text)
		start := min(e.Span.Start, len(text))
		marked := text[start:max(start, min(e.Span.End, len(text)))]
		list[i] = Finding{e.Code, line, column, utf8.RuneCountInString(marked), e.Message, e.Hint}
	}
	return list
}
