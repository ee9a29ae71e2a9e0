package rule

import "testing"

func TestHideExtra(t *testing.T) {
	for sql, want := range map[string]string{
		`CREATE STREAM s () WITH (TYPE="x")`:                           `CREATE STREAM s () WITH (TYPE="x")`,
		`… WITH (extra = "{\"password\":\"hush\"}", TYPE="x")`:         `… WITH (extra = "***********************", TYPE="x")`,
		"… WITH (EXTRA='a\nb' FOO EXTRA=\"\") AND `EXTRA` = \"shown\"": "… WITH (EXTRA='*\n*' FOO EXTRA=\"\") AND `EXTRA` = \"shown\"",
		`… WITH (EXTRA="open`:                                          `… WITH (EXTRA="open`,
	} {
		if got := hideExtra(sql); got != want || len(got) != len(sql) {
			t.Errorf("%s\n got %s\nwant %s", sql, got, want)
		}
	}
}
