package syntax

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"sluice/sqlengine/value"
)

// sameTree compares trees without their positions.
var sameTree = cmp.Options{
	cmpopts.IgnoreTypes(Pos{}),
	cmp.Comparer(func(a, b value.Value) bool { return a.Kind() == b.Kind() && value.Equal(a, b) }),
}

func parseExpr(text string) (Expr, error) {
	p := newParser(text)
	e := p.expr()
	return e, p.finish()
}

func TestPrintParsesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genSelect(t)
		text := printSelect(s)
		again, err := ParseSelect(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if diff := cmp.Diff(s, again, sameTree); diff != "" {
			t.Fatalf("%s\n%s", text, diff)
		}
	})
}

func TestPrint(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"a+b*c", "a + b * c"},
		{"(a+b)*c", "(a + b) * c"},
		{"a-(b-c)", "a - (b - c)"},
		{"not a=1 and b", "NOT a = 1 AND b"},
		{"not (a and b)", "NOT (a AND b)"},
		{"- - 1", "-(-1)"},
		{"-(1)", "-(1)"},
		{"-a.b[0]", "-a.b[0]"},
		{"a[]", "a[:]"},
		{"a <> 1e3", "a != 1000.0"},
		{"`a b`->`select`", "`a b`->`select`"},
		{"x is not nil", "x IS NOT NULL"},
		{"nil", "nil"},
		{"`nil`", "`nil`"},
		{"lag(a, 1) over (when b partition by c)", "lag(a, 1) OVER (PARTITION BY c WHEN b)"},
	} {
		e, err := parseExpr(tc.text)
		if err != nil {
			t.Errorf("%s: %v", tc.text, err)
			continue
		}
		if got := Print(e); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.text, got, tc.want)
		}
	}
}

func TestSpans(t *testing.T) {
	text := "SELECT a + f( b )  AS x FROM s"
	s, err := ParseSelect(text)
	if err != nil {
		t.Fatal(err)
	}
	sum := s.Items[0].X.(*Binary)
	for _, tc := range []struct {
		e    Expr
		want string
	}{{sum, "a + f( b )"}, {sum.L, "a"}, {sum.R, "f( b )"}, {sum.R.(*Call).Args[0], "b"}, {s.Items[0], "a + f( b )  AS x"}} {
		span := tc.e.At()
		if got := text[span.Start:span.End]; got != tc.want {
			t.Errorf("%q, want %q", got, tc.want)
		}
	}
}

func TestNestingIsBounded(t *testing.T) {
	for _, text := range []string{strings.Repeat("(", 1e5), strings.Repeat("-", 1) + strings.Repeat("(-", 1e5),
		"a" + strings.Repeat("[0]", 1e5), strings.Repeat("NOT ", 1e5), strings.Repeat("CASE ", 1e5),
		"a" + strings.Repeat(" OR a", 1e5), "a" + strings.Repeat(" IS NULL", 1e5), strings.Repeat("(", 50) + "a" + strings.Repeat(strings.Repeat(" + a", 1e3)+")", 50)} {
		if _, err := parseExpr(text); err == nil {
			t.Errorf("%.20s…: accepted", text)
		}
	}
}

// FuzzParse: nothing panics, and what parses prints as text that parses to an
// equal tree.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"SELECT * EXCEPT (a) REPLACE (b+1 AS b), -x[1:-2]->y.z AS k INVISIBLE FROM s AS t WHERE a NOT IN (1, 'x') AND b LIKE \"%\\\\%\" " +
			"GROUP BY a, TUMBLINGWINDOW(ss, 10) FILTER (WHERE a) OVER (WHEN b) HAVING count(*) > 1 ORDER BY a DESC LIMIT 3;",
		"SELECT CASE a WHEN 1 THEN NULL ELSE .5 END FROM a INNER JOIN b ON a.id = b.id", "SELECT 1e3, 0x1, - -1, `a b` FROM `s`",
		"CREATE STREAM s (a BIGINT DEFAULT 1, b STRUCT(c ARRAY(FLOAT))) WITH (TYPE='x' FORMAT=\"json\")", "SHOW TABLES;",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ParseStatement(text)
		s, err := ParseSelect(text)
		if err != nil {
			return
		}
		printed := printSelect(s)
		again, err := ParseSelect(printed)
		if err != nil {
			t.Fatalf("%q printed as %q: %v", text, printed, err)
		}
		if diff := cmp.Diff(s, again, sameTree); diff != "" {
			t.Fatalf("%q printed as %q\n%s", text, printed, diff)
		}
	})
}

var genName = rapid.SampledFrom([]string{"a", "b", "temperature", "a b", "select", "ss", "null", "is", "x_1", "é", "DISTINCT", "tumblingwindow"})

func genIdent(t *rapid.T) Ident { return Ident{Name: genName.Draw(t, "name")} }

func genSelect(t *rapid.T) *Select {
	s := &Select{From: genSource(t)}
	for range rapid.IntRange(1, 3).Draw(t, "items") {
		s.Items = append(s.Items, genItem(t))
	}
	for range rapid.IntRange(0, 1).Draw(t, "joins") {
		s.Joins = append(s.Joins, Join{Kind: rapid.SampledFrom([]string{"INNER", "LEFT", "RIGHT", "FULL"}).Draw(t, "kind"), Source: genSource(t), On: genExpr(t, 2)})
	}
	if rapid.Bool().Draw(t, "where") {
		s.Where = genExpr(t, 4)
	}
	if rapid.Bool().Draw(t, "window") {
		s.Windows = []*Window{{Name: Ident{Name: "TumblingWindow"}, Args: []Expr{&Unit{Name: "SS"}, genNumber(t)}, Over: genOver(t)}}
		s.Group = genList(t, 2)
		s.Having = genExpr(t, 2)
		s.Order = genSorts(t)
		s.Limit = &Literal{Value: value.OfInt(rapid.Int64Range(0, 1e9).Draw(t, "limit"))}
	}
	return s
}

func genSource(t *rapid.T) Source {
	s := Source{Name: genIdent(t)}
	if rapid.Bool().Draw(t, "alias") {
		s.Alias = genIdent(t)
	}
	return s
}

func genItem(t *rapid.T) Item {
	it := Item{Invisible: rapid.Bool().Draw(t, "invisible")}
	if rapid.IntRange(0, 3).Draw(t, "star") == 0 {
		it.X = &Star{}
		if rapid.Bool().Draw(t, "except") {
			it.Except = []Ident{genIdent(t)}
			it.Replace = []Replacement{{genExpr(t, 2), genIdent(t)}}
		}
		return it
	}
	it.X = genExpr(t, 4)
	if rapid.Bool().Draw(t, "as") {
		it.Alias = genIdent(t)
	}
	return it
}

func genSorts(t *rapid.T) []Sort {
	return []Sort{{genExpr(t, 1), rapid.Bool().Draw(t, "desc")}}
}

func genOver(t *rapid.T) *Over {
	if rapid.Bool().Draw(t, "plain") {
		return nil
	}
	return &Over{When: genExpr(t, 1), Partition: []Expr{genExpr(t, 1)}}
}

func genList(t *rapid.T, depth int) []Expr {
	var list []Expr
	for range rapid.IntRange(0, 2).Draw(t, "list") {
		list = append(list, genExpr(t, depth))
	}
	return list
}

func genNumber(t *rapid.T) Expr {
	return &Literal{Value: value.OfInt(rapid.Int64().Draw(t, "int"))}
}

func genLeaf(t *rapid.T) Expr {
	switch rapid.IntRange(0, 5).Draw(t, "leaf") {
	case 0:
		return genNumber(t)
	case 1:
		return &Literal{Value: value.OfFloat(rapid.Float64Range(-1e300, 1e300).Draw(t, "float"))}
	case 2:
		return &Literal{Value: value.OfString(rapid.String().Draw(t, "text"))}
	case 3:
		return &Literal{Value: value.OfBool(rapid.Bool().Draw(t, "bool"))}
	case 4:
		return &Null{Word: "NULL"}
	}
	id := genIdent(t)
	return &id
}

func genExpr(t *rapid.T, depth int) Expr {
	if depth == 0 {
		return genLeaf(t)
	}
	sub := func() Expr { return genExpr(t, depth-1) }
	not := rapid.Bool().Draw(t, "not")
	switch rapid.IntRange(0, 12).Draw(t, "node") {
	case 0:
		return &Unary{Op: Not, X: sub()}
	case 1:
		return &Unary{Op: Neg, X: sub()}
	case 2:
		return &IsNull{X: sub(), Not: not}
	case 3:
		return &In{X: sub(), List: genList(t, depth-1), Not: not}
	case 4:
		return &Between{X: sub(), Low: sub(), High: sub(), Not: not}
	case 5:
		return &Like{X: sub(), Pattern: sub(), Not: not}
	case 6:
		return &Case{Operand: sub(), Whens: []When{{sub(), sub()}}, Else: sub()}
	case 7:
		return &Field{X: sub(), Name: genIdent(t), Arrow: not}
	case 8:
		return &Index{X: sub(), I: sub()}
	case 9:
		return &Slice{X: sub(), High: sub()}
	case 10:
		args := genList(t, depth-1)
		return &Call{Name: genIdent(t), Distinct: len(args) > 0 && not, Args: args, Over: genOver(t)}
	}
	return &Binary{Op: rapid.SampledFrom([]Op{Or, And, Equal, NotEqual, Less, GreaterEqual, Add, Subtract, BitOr, BitXor,
		Multiply, Divide, Modulo, BitAnd}).Draw(t, "op"), L: sub(), R: sub()}
}
