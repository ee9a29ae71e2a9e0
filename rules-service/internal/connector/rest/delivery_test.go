package rest

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/delivery"
	"sluice/sqlengine/value"
)

// The token gets into url, headers and body of what a rule sends, beside the
// columns of its row.
func TestTokenInAllPlaces(t *testing.T) {
	g := &guarded{}
	server := httptest.NewServer(g)
	defer server.Close()
	r := connector.NewRegistry()
	Register(r)
	target, err := delivery.NewPool(r, connector.Env{Log: slog.New(slog.DiscardHandler)}).Open(delivery.Action{Rule: "r1", Type: "rest", Props: map[string]any{
		"url": server.URL + "/in?token={{.token}}&d={{.device}}", "sendSingle": true,
		"headers": map[string]any{"Authorization": "Bearer {{.token}}"}, "dataTemplate": `{"t":"{{.token}}","d":{{json .device}}}`,
		"oauth": map[string]any{"access": map[string]any{"url": server.URL + "/token", "body": "{}"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	batch := &value.Batch{Schema: &value.Schema{Columns: []value.Column{{Name: "device"}}}}
	for _, d := range []string{"a", "b"} {
		batch.Rows = append(batch.Rows, value.Row{Cols: []value.Value{value.OfString(d)}})
	}
	_ = target.Push(batch)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := target.Finish(ctx); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`POST /token "" {}`,
		`POST /in?token=tok-00000001&d=a "Bearer tok-00000001" {"t":"tok-00000001","d":"a"}`,
		`POST /in?token=tok-00000001&d=b "Bearer tok-00000001" {"t":"tok-00000001","d":"b"}`,
	}
	if got := g.requests(); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
