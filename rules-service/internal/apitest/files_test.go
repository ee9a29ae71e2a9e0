package apitest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// put writes a file of the service, complete from the first moment.
func put(t *testing.T, dir, name, content string) {
	t.Helper()
	path := filepath.Join(dir, "files", name)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	hidden := filepath.Join(filepath.Dir(path), "."+filepath.Base(path))
	if err := errors.Join(os.WriteFile(hidden, []byte(content), 0o600), os.Rename(hidden, path)); err != nil {
		t.Fatal(err)
	}
}

// A table of a csv file is there before the first row of a stream, with the
// types that are declared.
func TestTableFromAFile(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "machines.csv", "id,name,top\n1,pump,80.5\n2,fan,\n")
	p := newPlant(t, dir)
	p.define(in, `CREATE TABLE machines (id BIGINT, name STRING, top FLOAT) WITH (TYPE="file", DATASOURCE="machines.csv", CONF_KEY="default", FORMAT="json",
		EXTRA="{\"fileType\":\"csv\",\"hasHeader\":true}")`)
	p.rule("ask", "SELECT demo.id, name, top FROM demo INNER JOIN machines ON demo.id = machines.id", "test", single)
	p.Publish(t, "in/a", `{"id":2}`, `{"id":1}`)
	p.Want(t, `{"id":2,"name":"fan","top":null}`)
	p.Want(t, `{"id":1,"name":"pump","top":80.5}`)
}

// Files go through a rule into files, and away when the rules are done with
// them; meta(file) tells where a row stood.
func TestFilesThroughARule(t *testing.T) {
	dir := t.TempDir()
	p := newPlant(t, dir)
	put(t, dir, "in/a.json", `[{"n":1},{"n":2}]`)
	p.define(`CREATE STREAM orders () WITH (TYPE="file", DATASOURCE="*.json", FORMAT="json", EXTRA="{\"path\":\"in\",\"interval\":\"5ms\",\"actionAfterRead\":2,\"moveTo\":\"done\"}")`)
	p.rule("copy", "SELECT n, n * 10 AS m, meta(file) AS f FROM orders", "file", `{"path":"out/{{.n}}.csv","fileType":"csv","hasHeader":true,"sendSingle":true,"fields":["m","n"]}`)
	put(t, dir, "in/b.json", `[{"n":3}]`)
	p.until("all files were moved", func() bool {
		_, a := os.Stat(filepath.Join(dir, "files/done/a.json"))
		_, b := os.Stat(filepath.Join(dir, "files/done/b.json"))
		return a == nil && b == nil
	})
	for n := 1; n <= 3; n++ {
		want := fmt.Sprintf("m,n\n%d,%d\n", 10*n, n)
		p.until("the row is written", func() bool {
			got, err := os.ReadFile(filepath.Join(dir, "files/out", fmt.Sprint(n, ".csv")))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
			return string(got) == want
		})
	}
}

// What is wrong with a file is in the status of the rule.
func TestFileThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	p := newPlant(t, dir)
	put(t, dir, "torn.json", `[{"n":1},{"n"`)
	p.define(`CREATE STREAM torn () WITH (TYPE="file", DATASOURCE="torn.json", FORMAT="json")`)
	p.rule("read", "SELECT n FROM torn", "test", single)
	p.Want(t, `{"n":1}`)
	p.until("the status tells of it", func() bool {
		_, body, _ := p.Call(t, "GET", "/rules/read/status", "")
		return strings.Contains(body, "torn.json: the JSON ends in the middle")
	})
	if status, body := p.create(`CREATE STREAM secret () WITH (TYPE="file", DATASOURCE="/etc/passwd", FORMAT="json")`); status == 201 {
		if status, body = p.tryRule("secret", "SELECT * FROM secret", "test", single); status == 201 || !strings.Contains(body, "outside of the folder for files") {
			t.Errorf("%d %s", status, body)
		}
	} else if !strings.Contains(body, "outside of the folder for files") {
		t.Errorf("%d %s", status, body)
	}
	if status, body := p.tryRule("out", "SELECT n FROM torn", "file", `{"path":"../../token"}`); status == 201 || !strings.Contains(body, "is one of the service itself") && !strings.Contains(body, "outside of the folder") {
		t.Errorf("%d %s", status, body)
	}
}
