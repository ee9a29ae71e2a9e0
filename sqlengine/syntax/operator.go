package syntax

// Op is an operator.
type Op uint8

// The operators, from loose to tight.
const (
	Or Op = iota + 1
	And
	Not
	Equal
	NotEqual
	Less
	LessEqual
	Greater
	GreaterEqual
	Add
	Subtract
	BitOr
	BitXor
	Multiply
	Divide
	Modulo
	BitAnd
	Neg
)

var opTexts = [...]string{Or: "OR", And: "AND", Not: "NOT", Equal: "=", NotEqual: "!=", Less: "<",
	LessEqual: "<=", Greater: ">", GreaterEqual: ">=", Add: "+", Subtract: "-", BitOr: "|", BitXor: "^",
	Multiply: "*", Divide: "/", Modulo: "%", BitAnd: "&", Neg: "-"}

func (o Op) String() string { return opTexts[o] }

// Levels of precedence, from loose to tight.
const (
	levelOr = iota + 1
	levelAnd
	levelNot
	levelCompare
	levelSum
	levelProduct
	levelPrefix
	levelPostfix
)

func (o Op) level() int {
	switch {
	case o == Or:
		return levelOr
	case o == And:
		return levelAnd
	case o == Not:
		return levelNot
	case o <= GreaterEqual:
		return levelCompare
	case o <= BitXor:
		return levelSum
	case o <= BitAnd:
		return levelProduct
	}
	return levelPrefix
}

// Comparison tells whether o is one of = != < <= > >=.
func (o Op) Comparison() bool { return o >= Equal && o <= GreaterEqual }

// Mirror is the comparison with its sides exchanged.
func (o Op) Mirror() Op {
	switch o {
	case Less:
		return Greater
	case LessEqual:
		return GreaterEqual
	case Greater:
		return Less
	case GreaterEqual:
		return LessEqual
	}
	return o
}

// infix finds the operator that a token between two operands is.
func infix(t token) (Op, bool) {
	if t.is("<>") {
		return NotEqual, true
	}
	for op := Or; op < Neg; op++ {
		if op != Not && t.is(opTexts[op]) {
			return op, true
		}
	}
	return 0, false
}
