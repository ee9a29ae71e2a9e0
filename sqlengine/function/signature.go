package function

import (
	"strings"

	"sluice/sqlengine/value"
)

// paramWords name parameters in signatures.
var paramWords = [...]string{
	Any: "any", Document: "ARRAY or STRUCT or JSON", Bool: "BOOLEAN", Int: "BIGINT", Float: "number", Number: "number", String: "STRING", Text: "text",
	Bytes: "BYTEA", Binary: "STRING or BYTEA", Time: "DATETIME", List: "ARRAY", Object: "STRUCT", Ordered: "number, STRING or DATETIME",
}

// Signatures are the forms of a call, such as "round(number [, BIGINT]) → FLOAT".
func (s *Scalar) Signatures() []string {
	all := make([]string, len(s.Overloads))
	for i, o := range s.Overloads {
		all[i] = signature(s.Name, o.Params, o.Optional, o.Variadic) + " → " + resultWord(o.Result, "any")
	}
	return all
}

// Signatures are the forms of a call, that with * last.
func (a *Aggregate) Signatures() []string {
	result := " → " + resultWord(a.Result(make([]value.Kind, len(a.Params))), "as the argument")
	all := []string{signature(a.Name, a.Params, a.Optional, false) + result}
	switch {
	case a.Star:
		all = append(all, a.Name+"(*)"+result)
	case a.Whole:
		rest := signature("", a.Params[1:], a.Optional, false)
		if len(a.Params) > 1 {
			rest = ", " + rest[1:]
		} else {
			rest = rest[1:]
		}
		all = append(all, a.Name+"(*"+rest+result)
	}
	return all
}

// Signatures are the forms of a call.
func (a *Analytic) Signatures() []string {
	return []string{signature(a.Name, a.Params, a.Optional, a.Variadic) + " → " + resultWord(a.Result(make([]Arg, len(a.Params))), "as the argument")}
}

// resultWord names the kind of a result, or says otherwise when it depends on
// the arguments.
func resultWord(k value.Kind, otherwise string) string {
	if k == value.Null {
		return otherwise
	}
	return k.String()
}

func signature(name string, params []Param, optional int, variadic bool) string {
	var b strings.Builder
	b.WriteString(name + "(")
	for i, p := range params {
		left := i >= len(params)-optional
		switch {
		case left && i > 0:
			b.WriteString(" [, ")
		case left:
			b.WriteString("[")
		case i > 0:
			b.WriteString(", ")
		}
		b.WriteString(paramWords[p])
	}
	if variadic {
		b.WriteString(", …")
	}
	b.WriteString(strings.Repeat("]", min(optional, len(params))) + ")")
	return b.String()
}
