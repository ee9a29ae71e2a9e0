package sql

import (
	"fmt"
	"math/bits"
	"strings"

	"sluice/sqlengine/value"
)

// mostRows go into one statement.
const mostRows = 1024

// statement is one that is ready to be run.
type statement struct {
	text string
	args []any
}

// writer makes statements of changes. Its results are valid until the next call.
type writer struct {
	dialect dialect
	key     string            // column
	texts   map[string]string // of statements that were made before
	args    []any
	length  int            // of the last changes that one statement could make
	rest    int            // of them, those that it has not made
	seen    map[string]int // keys of the rows of a statement
	last    []change       // of the rows of a statement, without those that others replace
}

// next makes a statement of the first of the changes, and tells how many of them
// it has.
func (w *writer) next(list []change) (statement, int, error) {
	n := w.together(list)
	rows := list[:n]
	if list[0].kind == upsert {
		rows = w.distinct(rows)
	}
	text, err := w.text(&rows[0], len(rows))
	w.args = w.args[:0]
	for i := range rows {
		w.add(rows[i].values...)
		if kind := rows[i].kind; kind == update || kind == deletion {
			w.add(rows[i].key)
		}
	}
	return statement{text, w.args}, n, err
}

func (w *writer) add(values ...value.Value) {
	for _, v := range values {
		w.args = append(w.args, w.dialect.param(v))
	}
}

// begin forgets what is left of changes that have failed.
func (w *writer) begin() { w.rest = 0 }

// together is how many of the first changes one statement makes. When as many
// come again and again it makes all of them. Otherwise their number is a power of
// two, so that there are few statements to be prepared.
func (w *writer) together(list []change) int {
	n := w.alike(list)
	part := 1 << (bits.Len(uint(n)) - 1)
	switch {
	case w.rest > 0:
		w.rest -= part
	case n == w.length:
		return n
	default:
		w.length, w.rest = n, n-part
	}
	return part
}

// alike is how many of the first changes could go into one statement.
func (w *writer) alike(list []change) int {
	n := 1
	for n < len(list) && n < mostRows && list[0].kind != update && list[n].alike(&list[0]) {
		n++
	}
	if columns := len(list[0].columns); columns > 0 {
		n = min(n, max(1, w.dialect.parameters()/columns))
	}
	return n
}

// distinct leaves the last of the rows with equal keys: a database replaces a
// row once in a statement.
func (w *writer) distinct(list []change) []change {
	if w.seen == nil {
		w.seen = map[string]int{}
	}
	clear(w.seen)
	w.last = w.last[:0]
	for _, c := range list {
		key := fmt.Sprint(w.dialect.param(c.key))
		if at, ok := w.seen[key]; ok {
			w.last[at] = c
			continue
		}
		w.seen[key] = len(w.last)
		w.last = append(w.last, c)
	}
	return w.last
}

// text is that of a statement for so many changes like c. It is made once.
func (w *writer) text(c *change, rows int) (string, error) {
	shape := fmt.Sprint(c.kind, "\x00", c.table, "\x00", rows, "\x00", strings.Join(c.columns, "\x00"))
	if text, ok := w.texts[shape]; ok {
		return text, nil
	}
	text, err := w.dialectText(c, rows)
	if err != nil {
		return "", err
	}
	if w.texts == nil || len(w.texts) >= mostStatements {
		w.texts = map[string]string{}
	}
	w.texts[shape] = text
	return text, nil
}

func (w *writer) dialectText(c *change, rows int) (string, error) {
	d := w.dialect
	table, err := quotedTable(d, c.table)
	if err != nil {
		return "", err
	}
	columns, err := quotedAll(d, c.columns)
	if err != nil {
		return "", err
	}
	if c.kind == insert {
		return insertText(d, table, columns, rows), nil
	}
	key, err := quoted(d, w.key)
	if err != nil {
		return "", err
	}
	switch c.kind {
	case upsert:
		return insertText(d, table, columns, rows) + d.replace(key, columns), nil
	case update:
		return updateText(d, table, columns, key), nil
	}
	return "DELETE FROM " + table + " WHERE " + key + " IN " + placeholders(d, 1, rows), nil
}

func insertText(d dialect, table string, columns []string, rows int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "INSERT INTO %s (%s) VALUES ", table, strings.Join(columns, ", "))
	for i := range rows {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(placeholders(d, 1+i*len(columns), len(columns)))
	}
	return b.String()
}

func updateText(d dialect, table string, columns []string, key string) string {
	set := make([]string, len(columns))
	for i, name := range columns {
		set[i] = name + " = " + d.placeholder(i+1)
	}
	return "UPDATE " + table + " SET " + strings.Join(set, ", ") + " WHERE " + key + " = " + d.placeholder(len(columns)+1)
}

// placeholders are those of so many parameters, in brackets.
func placeholders(d dialect, from, n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = d.placeholder(from + i)
	}
	return "(" + strings.Join(list, ", ") + ")"
}
