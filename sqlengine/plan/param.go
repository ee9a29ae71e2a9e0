package plan

import (
	"maps"
	"slices"

	"sluice/sqlengine/diag"
	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

// Param reads a parameter of the rule.
type Param struct {
	Index int // into Plan.Params
	Name  string
	Type  value.Kind
}

// Kind implements Expr. A number may be BIGINT today and FLOAT tomorrow.
func (e *Param) Kind() value.Kind {
	if e.Type == value.Int || e.Type == value.Float {
		return value.Null
	}
	return e.Type
}

// ParamInfo describes a parameter that a query names.
type ParamInfo struct {
	Name    string
	Initial value.Value
}

// param binds $name to the parameter of that name.
func (b *builder) param(e *syntax.Param) Expr {
	initial, ok := b.settings.Params[e.Name]
	if !ok {
		hint := diag.DidYouMean(e.Name, slices.Sorted(maps.Keys(b.settings.Params)))
		if len(b.settings.Params) == 0 {
			hint = "The rule has no parameters."
		}
		b.find(diag.UnknownParam, e.Span, hint, "unknown parameter $%s", e.Name)
		return unknown()
	}
	i := slices.IndexFunc(b.params, func(p ParamInfo) bool { return p.Name == e.Name })
	if i < 0 {
		i = len(b.params)
		b.params = append(b.params, ParamInfo{e.Name, initial})
	}
	return &Param{i, e.Name, initial.Kind()}
}
