package diag

import (
	"encoding/json"
	"testing"
)

func TestFindingsAsJSON(t *testing.T) {
	text := "SELECT ä,\n humid FROM demo"
	list := List{
		{Code: UnknownColumn, Span: Span{12, 17}, Message: `unknown column "humid"`, Hint: `Did you mean "humidity"?`},
		{Code: Syntax, Span: Span{7, 9}, Message: "bad"},
		{Code: Syntax, Span: Span{100, 200}, Message: "behind the end"},
	}
	got, err := json.Marshal(list.Findings(text))
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"code":"unknown_column","line":2,"column":2,"length":5,"message":"unknown column \"humid\"","hint":"Did you mean \"humidity\"?"},` +
		`{"code":"syntax","line":1,"column":8,"length":1,"message":"bad"},` +
		`{"code":"syntax","line":2,"column":17,"length":0,"message":"behind the end"}]`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
