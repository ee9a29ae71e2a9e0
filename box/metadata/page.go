package metadata

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/common"
)

// maxResults is the most that one list holds, EdgeX's Service.MaxResultCount.
const maxResults = 1024

// page is what a list request asks for.
type page struct {
	offset, limit int
	labels        []string // all of them must be there
}

func readPage(q url.Values) (page, error) {
	p := page{offset: common.DefaultOffset, limit: common.DefaultLimit}
	var err error
	if p.offset, err = number(q, common.Offset, p.offset, 0); err != nil {
		return page{}, err
	}
	if p.limit, err = number(q, common.Limit, p.limit, -1); err != nil {
		return page{}, err
	}
	if p.limit == -1 || p.limit > maxResults {
		p.limit = maxResults
	}
	for _, l := range strings.Split(q.Get(common.Labels), common.CommaSeparator) {
		if l != "" {
			p.labels = append(p.labels, l)
		}
	}
	return p, nil
}

func number(q url.Values, key string, unset, least int) (int, error) {
	text := q.Get(key)
	if text == "" {
		return unset, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least {
		return 0, refuse(http.StatusBadRequest, "%s=%s: want a whole number of at least %d", key, text, least)
	}
	return n, nil
}

// entry is what lists need to know of a record.
type entry struct {
	name    string
	created int64
	labels  []string
}

// list answers with a page of the records that keep accepts, oldest first, and
// with how many there are in all. wrap makes the answer.
func list[T, A any](r *http.Request, table map[string]T, describe func(T) entry, keep func(T) bool,
	wrap func(requestID, message string, status int, total uint32, records []T) A) (int, any, error) {
	p, err := readPage(r.URL.Query())
	if err != nil {
		return 0, nil, err
	}
	all := []T{} // an empty list is [] in JSON
	for _, record := range table {
		if keep(record) && hasLabels(describe(record).labels, p.labels) {
			all = append(all, record)
		}
	}
	total := len(all)
	if p.offset > total {
		return 0, nil, refuse(http.StatusRequestedRangeNotSatisfiable, "offset=%d: there are %d", p.offset, total)
	}
	slices.SortFunc(all, func(a, b T) int {
		x, y := describe(a), describe(b)
		return cmp.Or(cmp.Compare(x.created, y.created), cmp.Compare(x.name, y.name))
	})
	end := min(p.offset+p.limit, total)
	return http.StatusOK, wrap("", "", http.StatusOK, uint32(total), all[p.offset:end]), nil
}

func hasLabels(have, want []string) bool {
	for _, l := range want {
		if !slices.Contains(have, l) {
			return false
		}
	}
	return true
}

func everything[T any](T) bool { return true }
