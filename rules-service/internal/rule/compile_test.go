package rule

import (
	"strings"
	"testing"

	"sluice/sqlengine"
)

// TestCompileWithFunctionsOfTheService: zstd is no method of the engine alone.
func TestCompileWithFunctionsOfTheService(t *testing.T) {
	st, err := sqlengine.ParseStatement(`CREATE STREAM s () WITH (DATASOURCE="s")`)
	if err != nil {
		t.Fatal(err)
	}
	c := newCatalog()
	c.put(st.Stream, "")
	for sql, want := range map[string]string{
		`SELECT compress(a, "zstd") AS z, convert_tz(t, "Asia/Tokyo") AS t FROM s`: "",
		`SELECT compress(a, "lz4") AS z FROM s`:                                    "only flate, gzip, zlib, zstd",
	} {
		q, err := (&Definition{SQL: sql}).Compile(c)
		switch {
		case want == "" && (err != nil || len(q.Columns("s")) != 2):
			t.Errorf("%s: %v", sql, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v, want %s", sql, err, want)
		}
	}
}
