package function

// The sections of the documentation, in their order there.
const (
	mathematics = "Mathematics"
	texts       = "Text"
	arrays      = "Arrays"
	objects     = "Objects"
	conversion  = "Conversion, hashes, JSON"
	times       = "Date and time"
	context     = "Context"
	aggregates  = "Aggregates"
	analytics   = "Analytic"
	columns     = "Several columns, several rows"
	globals     = "State of the rule"
	numbering   = "Rows of a window"
)

// Sections are the headings under which the functions are documented.
func Sections() []string {
	return []string{mathematics, texts, arrays, objects, conversion, times, context, aggregates, analytics, columns, globals, numbering}
}
