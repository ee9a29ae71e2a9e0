package api

// operator describes a node of a graph rule for a user interface.
type operator struct {
	Name       string    `json:"name"`
	About      about     `json:"about"`
	Properties []control `json:"properties"`
	Node       node      `json:"node"`
	Type       string    `json:"type"`
}

// operators are the nodes that a graph rule may have between its sources and
// sinks.
var operators = []operator{
	newOperator("filter", "Keeps the rows for which a condition holds.", textControl("expr", "Condition, such as temperature > 20.")),
	newOperator("function", "Adds what a function of one row gives.", textControl("expr", "Call of a function, such as upper(name) AS name.")),
	newOperator("aggfunc", "Adds what a function of a group of rows gives.", textControl("expr", "Call of an aggregate, such as avg(temperature) AS average.")),
	newOperator("pick", "Picks columns.", listControl("fields", "Columns, such as temperature AS t."), flagControl("isAgg", "The columns are those of groups.")),
	newOperator("window", "Collects rows.",
		choiceControl("type", "Kind of window.", "tumblingwindow", "hoppingwindow", "slidingwindow", "sessionwindow", "countwindow"),
		choiceControl("unit", "Unit of size and interval.", "ms", "ss", "mi", "hh", "dd"),
		numberControl("size", "Length of a window."), numberControl("interval", "Distance between windows, or the longest gap in a session.")),
	newOperator("join", "Joins streams.", textControl("from", "Stream that is joined with others."),
		listControl("joins", "Other streams: name, type (inner, left, right, full or cross) and on.")),
	newOperator("groupby", "Groups the rows of a window.", listControl("dimensions", "Columns to group by.")),
	newOperator("orderby", "Sorts the rows of a window.", listControl("sorts", "Columns to sort by: field and desc.")),
	newOperator("switch", "Sends each row the way of its condition.", listControl("cases", "Conditions, one for each way."),
		flagControl("stopAtFirstMatch", "A row goes one way at most.")),
}

func newOperator(name, summary string, properties ...control) operator {
	return operator{name, aboutOf(summary), properties, nodeOf("operator", name), builtIn}
}

func newControl(name, hint, typ, how string, empty any) control {
	return control{Name: name, Default: empty, Type: typ, Control: how, Optional: false, Hint: bilingual(hint), Label: bilingual(titled(name))}
}

func textControl(name, hint string) control   { return newControl(name, hint, "string", "text", "") }
func numberControl(name, hint string) control { return newControl(name, hint, "int", "text", 0) }
func listControl(name, hint string) control {
	return newControl(name, hint, "list_string", "list", []any{})
}

func flagControl(name, hint string) control {
	c := newControl(name, hint, "bool", "radio", false)
	c.Optional, c.Values = true, []any{true, false}
	return c
}

func choiceControl(name, hint string, values ...any) control {
	c := newControl(name, hint, "string", "select", "")
	c.Values = values
	return c
}
