package sql

import (
	"fmt"
	"strings"

	"sluice/sqlengine/value"
)

// pageRows are read at once, at most, where nothing else is said.
const pageRows = 1000

// query is what a source asks.
type query struct {
	indexes []string      // columns that grow; nil: none
	start   []value.Value // of the indexes; nil: the first row
	limit   int           // rows of a query; 0: all
	// exact tells that the values of the indexes follow the columns of each row.
	exact bool
	// behind gives the rows behind a position, a page of them.
	behind func(at []value.Value) (statement, error)
	// beside gives all rows at a position; nil: an answer has all that there are.
	beside func(at []value.Value) (statement, error)
}

// page is how many rows an answer has at most; 0: any number.
func (q *query) page() int {
	switch {
	case q.limit > 0:
		return q.limit
	case q.beside != nil:
		return pageRows
	}
	return 0
}

// tableQuery asks for the rows of a table.
type tableQuery struct {
	dialect dialect
	table   string // quoted
	columns []string
	page    int
}

func newTableQuery(d dialect, c *InternalQuery) (*query, error) {
	list := c.list()
	start, err := startOf(list)
	if err != nil {
		return nil, err
	}
	q := &query{start: start, limit: c.Limit}
	for i := range list {
		q.indexes = append(q.indexes, list[i].Field)
	}
	t := &tableQuery{dialect: d}
	if t.table, err = quotedTable(d, c.Table); err != nil {
		return nil, err
	}
	if t.columns, err = quotedAll(d, q.indexes); err != nil {
		return nil, err
	}
	q.behind = t.behind
	if len(list) > 0 {
		q.beside, q.exact = t.beside, true
	}
	t.page = q.page()
	return q, nil
}

// behind gives rows in the order of the indexes, those of a position and in
// front of it left out.
func (t *tableQuery) behind(at []value.Value) (statement, error) {
	st := &statement{}
	text := t.selected()
	switch {
	case len(t.columns) > 0 && at != nil:
		text += " WHERE " + t.above(st, 0, at)
	case len(t.columns) > 0:
		text += " WHERE " + strings.Join(t.columns, " IS NOT NULL AND ") + " IS NOT NULL"
	}
	if len(t.columns) > 0 {
		text += " ORDER BY " + strings.Join(t.columns, ", ")
	}
	if t.page > 0 {
		text += fmt.Sprintf(" LIMIT %d", t.page)
	}
	st.text = text
	return *st, nil
}

// selected is the beginning of a statement: all columns, and the indexes as
// they are compared.
func (t *tableQuery) selected() string {
	text := "SELECT *"
	for i, c := range t.columns {
		text += fmt.Sprintf(", %s AS sluice_index_%d", t.dialect.exact(c), i)
	}
	return text + " FROM " + t.table
}

// above compares the indexes from the i-th on, one after the other.
func (t *tableQuery) above(st *statement, i int, at []value.Value) string {
	c := t.columns[i]
	greater := c + " > " + t.param(st, at[i])
	if i == len(t.columns)-1 {
		return greater
	}
	equal := c + " = " + t.param(st, at[i])
	return "(" + greater + " OR (" + equal + " AND " + t.above(st, i+1, at) + "))"
}

// beside gives the rows whose indexes are equal to a position.
func (t *tableQuery) beside(at []value.Value) (statement, error) {
	st := &statement{}
	var list []string
	for i, c := range t.columns {
		list = append(list, c+" = "+t.param(st, at[i]))
	}
	st.text = t.selected() + " WHERE " + strings.Join(list, " AND ")
	return *st, nil
}

func (t *tableQuery) param(st *statement, v value.Value) string {
	st.args = append(st.args, t.dialect.param(v))
	return t.dialect.placeholder(len(st.args))
}
