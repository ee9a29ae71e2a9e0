package sap

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

const (
	user     = "EDGE"
	password = "SAP-PASSWORD"
)

// fake is an SAP system. It checks who asks, the client, tokens against forged
// requests with their cookies, entities by their types, envelopes and IDocs, and
// gives out pages and changes.
type fake struct {
	mu       sync.Mutex
	token    string // of the session; "" after the session has ended
	sessions int
	fetches  int // of tokens
	requests int // that change something, each of a batch

	orders  map[string]map[string]any
	keys    []string // in the order of their creation
	deleted []string
	changed map[string]bool // since the last change link
	links   int             // to changes that were given out; the last one is good
	forgets bool            // no link is good
	pages   []string        // that were asked for

	idocs   []string
	calls   []string // function modules, with their session
	down    bool     // it answers 503
	noToken bool     // the service knows no tokens
}

func newFake() *fake {
	return &fake{orders: map[string]map[string]any{}, changed: map[string]bool{}}
}

func (f *fake) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	name, pass, _ := req.BasicAuth()
	path := req.URL.Path
	switch {
	case f.down:
		w.Header().Set("Retry-After", "7")
		fault(w, 503, "the system is being started")
	case name != user || pass != password:
		fault(w, 401, "Anmeldung fehlgeschlagen: "+pass)
	case req.URL.Query().Get("sap-client") != "100":
		fault(w, 400, "no client")
	case strings.HasPrefix(path, "/odata2/"), strings.HasPrefix(path, "/odata4/"):
		f.odata(w, req, path[len("/odata2"):], strings.HasPrefix(path, "/odata2/"))
	case path == "/sap/bc/idoc_xml" && req.Method == http.MethodPost:
		f.idoc(w, req)
	case path == "/sap/bc/soap/rfc" && req.Method == http.MethodPost:
		f.soap(w, req)
	default:
		fault(w, 404, "no service for "+path)
	}
}

// fault is an error as version 2 of OData writes it.
func fault(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"code": "X/1", "message": map[string]any{"lang": "en", "value": text}}})
}

func (f *fake) odata(w http.ResponseWriter, req *http.Request, path string, v2 bool) {
	if req.Method == http.MethodGet {
		f.read(w, req, path, v2)
		return
	}
	cookie, err := req.Cookie("SAP_SESSIONID")
	if token := req.Header.Get("X-CSRF-Token"); !f.noToken && (f.token == "" || err != nil || cookie.Value != "of-"+f.token || token != f.token) {
		w.Header().Set("X-CSRF-Token", "Required")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "CSRF token validation failed")
		return
	}
	if path == "/$batch" {
		f.batch(w, req, v2)
		return
	}
	body, _ := io.ReadAll(req.Body)
	status, answer, location := f.change(req.Method, path, req.Header, body, v2)
	if location != "" {
		w.Header().Set("Location", location)
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, answer)
}

var entity = regexp.MustCompile(`^/Orders(?:\('([^']*)'\))?$`)

// change does what one request asks.
func (f *fake) change(method, path string, header http.Header, body []byte, v2 bool) (status int, answer, location string) {
	f.requests++
	refuse := func(status int, text string) (int, string, string) {
		b, _ := json.Marshal(text)
		if v2 {
			return status, `{"error":{"code":"X/1","message":{"lang":"en","value":` + string(b) + `}}}`, ""
		}
		return status, `{"error":{"code":"X/1","message":` + string(b) + `}}`, ""
	}
	m := entity.FindStringSubmatch(path)
	switch {
	case m == nil:
		return refuse(404, "no set "+path)
	case v2 && header.Get("DataServiceVersion") != "2.0", !v2 && header.Get("OData-Version") != "4.0":
		return refuse(400, "the version is missing")
	}
	key := m[1]
	if (method == http.MethodPost) != (key == "") {
		return refuse(405, "method not allowed")
	}
	if method != http.MethodPost {
		if f.orders[key] == nil {
			return refuse(404, "order "+key+" does not exist")
		}
		if header.Get("If-Match") == "" {
			return refuse(428, "If-Match is missing")
		}
		if header.Get("If-Match") != "*" {
			return refuse(412, "the order has changed meanwhile")
		}
	}
	if method == http.MethodDelete {
		delete(f.orders, key)
		f.keys = slices.DeleteFunc(f.keys, func(k string) bool { return k == key })
		f.deleted = append(f.deleted, key)
		return http.StatusNoContent, "", ""
	}
	o, err := readOrder(body, v2, header.Get("Content-Type"))
	if err != nil {
		return refuse(400, err.Error())
	}
	if text, _ := o["Text"].(string); text == "busy" {
		return refuse(503, "the order is locked by MILLER")
	}
	if key == "" {
		key = strconv.Itoa(len(f.keys) + 1)
		f.keys = append(f.keys, key)
		status, location = http.StatusCreated, "Orders('"+key+"')"
	} else {
		status = http.StatusNoContent
	}
	o["Order"] = key
	f.orders[key], f.changed[key] = o, true
	return status, "", location
}

var isoTime = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$`)

// readOrder reads an entity as the versions of OData want it.
func readOrder(body []byte, v2 bool, contentType string) (map[string]any, error) {
	var o map[string]any
	if !strings.HasPrefix(contentType, "application/json") {
		return nil, fmt.Errorf("content type %s", contentType)
	}
	if err := json.Unmarshal(body, &o); err != nil {
		return nil, fmt.Errorf("no entity: %w", err)
	}
	for name, v := range o {
		text, isText := v.(string)
		_, isNumber := v.(float64)
		ok := true
		switch name {
		case "Text", "Order":
			ok = isText && len(text) <= 40
		case "Amount": // Edm.Decimal
			ok = v2 && isText && regexp.MustCompile(`^-?\d+(\.\d+)?$`).MatchString(text) || !v2 && isNumber
		case "Count": // Edm.Int64
			ok = v2 && isText || !v2 && isNumber
		case "Start": // a time
			ok = v2 && regexp.MustCompile(`^/Date\(-?\d+\)/$`).MatchString(text) || !v2 && isoTime.MatchString(text)
		case "Items":
		default:
			return nil, fmt.Errorf("property %s is invalid", name)
		}
		if !ok {
			return nil, fmt.Errorf("property %s has an invalid value", name)
		}
	}
	return o, nil
}

// read answers GET: the root, with a token where it is asked for, or pages.
func (f *fake) read(w http.ResponseWriter, req *http.Request, path string, v2 bool) {
	q := req.URL.Query()
	switch {
	case path == "/":
		if strings.EqualFold(req.Header.Get("X-CSRF-Token"), "Fetch") && !f.noToken {
			f.fetches++
			f.token = fmt.Sprint("token-", f.fetches)
			http.SetCookie(w, &http.Cookie{Name: "SAP_SESSIONID", Value: "of-" + f.token, Path: "/"})
			w.Header().Set("X-CSRF-Token", f.token)
		}
		_, _ = io.WriteString(w, `{}`)
	case path != "/Orders":
		fault(w, 404, "no set "+path)
	case strings.Contains(q.Get("$filter"), "wrong"):
		fault(w, 400, "invalid filter")
	default:
		f.pages = append(f.pages, req.URL.RawQuery)
		f.page(w, q.Get("$skiptoken"), q.Get("!deltatoken"), v2, req.Header.Get("Prefer") == "odata.track-changes")
	}
}

const pageSize = 2

func (f *fake) page(w http.ResponseWriter, skip, delta string, v2, track bool) {
	if delta != "" && (f.forgets || delta != fmt.Sprint("d", f.links)) {
		fault(w, http.StatusGone, "the changes are forgotten")
		return
	}
	keys := f.keys
	if delta != "" {
		keys = slices.DeleteFunc(slices.Clone(f.keys), func(k string) bool { return !f.changed[k] })
	}
	from, _ := strconv.Atoi(skip)
	to := min(from+pageSize, len(keys))
	rows := []any{}
	for _, k := range keys[from:to] {
		row := map[string]any{"Order": k, "Text": f.orders[k]["Text"]}
		if v2 {
			row["__metadata"] = map[string]any{"uri": "Orders('" + k + "')"}
			row["Start"] = "/Date(1700000000000)/"
			row["Items"] = map[string]any{"__deferred": map[string]any{"uri": "x"}}
		} else {
			row["@odata.etag"] = "W/1"
			row["Items"] = []any{map[string]any{"Item": 1, "@odata.id": "x"}}
		}
		rows = append(rows, row)
	}
	answer := map[string]any{}
	next, deltaLink := "__next", "__delta"
	if !v2 {
		next, deltaLink = "@odata.nextLink", "@odata.deltaLink"
	}
	if to < len(keys) {
		link := fmt.Sprintf("Orders?$skiptoken=%d", to)
		if delta != "" {
			link += "&!deltatoken=" + delta
		}
		answer[next] = link
	} else if v2 || track {
		rows = append(rows, f.removed(delta, v2)...)
		f.links++
		f.changed, f.deleted = map[string]bool{}, nil
		answer[deltaLink] = fmt.Sprintf("Orders?!deltatoken=d%d", f.links)
	}
	if v2 {
		answer["results"] = rows
		answer = map[string]any{"d": answer}
	} else {
		answer["value"] = rows
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func (f *fake) removed(delta string, v2 bool) (rows []any) {
	if delta == "" {
		return nil
	}
	for _, k := range f.deleted {
		if v2 {
			rows = append(rows, map[string]any{"Order": k, "@odata.context": "$metadata#Orders/$deletedEntity"})
		} else {
			rows = append(rows, map[string]any{"@odata.id": "Orders('" + k + "')", "Order": k, "@removed": map[string]any{"reason": "deleted"}})
		}
	}
	return rows
}

// texts of the orders, in the order of their creation.
func (f *fake) texts() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, k := range f.keys {
		text, _ := f.orders[k]["Text"].(string)
		out = append(out, text)
	}
	return out
}

// order is one of them as JSON.
func (f *fake) order(key string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, _ := json.Marshal(f.orders[key])
	return string(b)
}

// idoc takes an IDoc as the HTTP-XML port does.
func (f *fake) idoc(w http.ResponseWriter, req *http.Request) {
	var doc struct {
		Idocs []struct {
			Begin   string `xml:"BEGIN,attr"`
			Control struct {
				Segment string `xml:"SEGMENT,attr"`
				Type    string `xml:"IDOCTYP"`
				Message string `xml:"MESTYP"`
				Sender  string `xml:"SNDPRN"`
			} `xml:"EDI_DC40"`
			Segments []struct {
				Segment string `xml:"SEGMENT,attr"`
				Text    string `xml:"MATNR"`
			} `xml:"E1MARAM"`
		} `xml:"IDOC"`
	}
	body, _ := io.ReadAll(req.Body)
	if err := xml.Unmarshal(body, &doc); err != nil || !strings.HasPrefix(req.Header.Get("Content-Type"), "text/xml") || len(doc.Idocs) == 0 {
		http.Error(w, fmt.Sprint("XML not understood: ", err), http.StatusInternalServerError)
		return
	}
	for _, d := range doc.Idocs {
		if d.Begin != "1" || d.Control.Segment != "1" || d.Control.Type == "" || d.Control.Message == "" || d.Control.Sender != "EDGE1" || len(d.Segments) == 0 {
			http.Error(w, "the partner is unknown", http.StatusBadRequest)
			return
		}
		f.idocs = append(f.idocs, d.Segments[0].Text)
	}
}

// soap answers calls of function modules.
func (f *fake) soap(w http.ResponseWriter, req *http.Request) {
	var envelope struct {
		XMLName xml.Name `xml:"http://schemas.xmlsoap.org/soap/envelope/ Envelope"`
		Body    struct {
			Call struct {
				XMLName xml.Name
				Inner   string `xml:",innerxml"`
			} `xml:",any"`
		} `xml:"http://schemas.xmlsoap.org/soap/envelope/ Body"`
	}
	body, _ := io.ReadAll(req.Body)
	if err := xml.Unmarshal(body, &envelope); err != nil || !strings.HasPrefix(req.Header.Get("Content-Type"), "text/xml") || req.Header.Get("SOAPAction") == "" {
		soapFault(w, "SOAP-ENV:Client", "the envelope is not understood: "+fmt.Sprint(err))
		return
	}
	call := envelope.Body.Call
	if call.XMLName.Space != "urn:sap-com:document:sap:rfc:functions" {
		soapFault(w, "SOAP-ENV:Client", "namespace "+call.XMLName.Space)
		return
	}
	session := "none"
	if c, err := req.Cookie("SAP_SESSIONID"); err == nil {
		session = c.Value
	} else {
		f.sessions++
		http.SetCookie(w, &http.Cookie{Name: "SAP_SESSIONID", Value: fmt.Sprint("s", f.sessions), Path: "/"})
	}
	f.calls = append(f.calls, session+" "+call.XMLName.Local+" "+call.Inner)
	f.answer(w, call.XMLName.Local, call.Inner)
}

func (f *fake) answer(w http.ResponseWriter, function, params string) {
	var inner string
	switch {
	case function == "RFC_READ_TABLE":
		inner = `<DATA><item><WA>4711 &amp; more</WA></item><item><WA>4712</WA></item></DATA><FIELDS/>`
	case function == "BAPI_TRANSACTION_COMMIT":
		inner = `<RETURN><TYPE/></RETURN>`
	case function != "BAPI_ALM_NOTIF_CREATE":
		soapFault(w, "SOAP-ENV:Client", "function module "+function+" not found")
		return
	case strings.Contains(params, "<TEXT>busy</TEXT>"):
		soapFault(w, "SOAP-ENV:Server", "no work process is free")
		return
	case strings.Contains(params, "<TEXT>locked</TEXT>"):
		inner = `<RETURN><item><TYPE>W</TYPE><MESSAGE>careful</MESSAGE></item><item><TYPE>E</TYPE><MESSAGE>equipment is locked</MESSAGE></item></RETURN>`
	default:
		inner = `<NUMBER>10000042</NUMBER><RETURN><item><TYPE>S</TYPE><MESSAGE>created</MESSAGE></item></RETURN>`
	}
	_, _ = fmt.Fprintf(w, `<?xml version="1.0"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Body>`+
		`<rfc:%[1]s.Response xmlns:rfc="urn:sap-com:document:sap:rfc:functions">%[2]s</rfc:%[1]s.Response></SOAP-ENV:Body></SOAP-ENV:Envelope>`, function, inner)
}

func soapFault(w http.ResponseWriter, code, text string) {
	w.WriteHeader(http.StatusInternalServerError)
	_, _ = fmt.Fprintf(w, `<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Body><SOAP-ENV:Fault><faultcode>%s</faultcode>`+
		`<faultstring>%s</faultstring></SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>`, code, text)
}
