package main

import (
	"net/url"
	"strconv"
)

// filter picks entries of a list.
type filter struct {
	Tag    []string `sep:"none" placeholder:"TAG" help:"Only rules with this tag; give it several times for rules with all of them."`
	State  string   `name:"status" placeholder:"STATE" help:"Only rules in this state, such as running or 'stopped by error'."`
	Search string   `short:"q" placeholder:"TEXT" help:"Only entries with this text in their names."`
	Limit  int      `placeholder:"N" help:"At most so many."`
	Offset int      `placeholder:"N" help:"Leave out so many at the beginning."`
}

// query is the filter as part of a path.
func (f *filter) query() string {
	q := url.Values{}
	set := func(key, value string) {
		if value != "" && value != "0" {
			q.Set(key, value)
		}
	}
	for _, tag := range f.Tag {
		q.Add("tag", tag)
	}
	set("status", f.State)
	set("q", f.Search)
	set("limit", strconv.Itoa(f.Limit))
	set("offset", strconv.Itoa(f.Offset))
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}
