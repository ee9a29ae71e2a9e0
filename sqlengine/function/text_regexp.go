package function

import (
	"regexp"
	"sync/atomic"

	"sluice/sqlengine/value"
)

var regexpMatches = matching(&Scalar{
	Name: "regexp_matches", Section: texts, Summary: "Whether the regular expression (RE2 syntax) matches anywhere in the text.",
	Examples: []Example{{`regexp_matches("seafood", "foo.*")`, `true`}, {`regexp_matches("sea", "^a")`, `false`}, {`regexp_matches("a", "(")`, `error`}},
}, Overload{Params: []Param{Text, Text}, Result: value.Bool, Null: NullIsFalse},
	func(re *regexp.Regexp, args []value.Value) value.Value {
		return value.OfBool(re.MatchString(args[0].Str()))
	})

var regexpReplace = matching(&Scalar{
	Name: "regexp_replace", Section: texts, Summary: "The text with all matches of the regular expression replaced; $1 in the replacement is the first group.",
	Examples: []Example{{`regexp_replace("-ab-axxb-", "a(x*)b", "REP")`, `"-REP-REP-"`}, {`regexp_replace("k=v", "(.*)=(.*)", "$2=$1")`, `"v=k"`}},
}, Overload{Params: []Param{Text, Text, Text}, Result: value.String},
	func(re *regexp.Regexp, args []value.Value) value.Value {
		return value.OfString(re.ReplaceAllString(args[0].Str(), args[2].Str()))
	})

var regexpSubstr = matching(&Scalar{
	Name: "regexp_substr", Section: texts, Summary: "The first match of the regular expression in the text, or an empty text.",
	Examples: []Example{{`regexp_substr("seafood", "foo.*")`, `"food"`}, {`regexp_substr("sea", "x")`, `""`}},
}, Overload{Params: []Param{Text, Text}, Result: value.String},
	func(re *regexp.Regexp, args []value.Value) value.Value {
		return value.OfString(re.FindString(args[0].Str()))
	})

// matching completes a function whose second argument is a pattern. Each call
// place keeps the pattern that it compiled last: a literal is compiled once.
func matching(s *Scalar, o Overload, f func(*regexp.Regexp, []value.Value) value.Value) *Scalar {
	o.Prepare = func(args []Arg) (Bound, error) {
		var last atomic.Pointer[regexp.Regexp]
		if p := args[1]; p.Literal && !p.Value.IsNull() {
			re, err := regexp.Compile(p.Value.Str())
			if err != nil {
				return Bound{}, &BindError{Arg: 1, Msg: err.Error()}
			}
			last.Store(re)
		}
		return Bound{Call: func(_ *Context, args []value.Value) (value.Value, error) {
			re := last.Load()
			if re == nil || re.String() != args[1].Str() {
				var err error
				if re, err = regexp.Compile(args[1].Str()); err != nil {
					return value.Value{}, err
				}
				last.Store(re)
			}
			return f(re, args), nil
		}}, nil
	}
	s.Overloads = []Overload{o}
	return s
}
