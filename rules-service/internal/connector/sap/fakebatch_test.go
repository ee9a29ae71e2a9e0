package sap

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
)

// batch does what the change sets of a $batch ask, each all or nothing.
func (f *fake) batch(w http.ResponseWriter, req *http.Request, v2 bool) {
	sets, err := partsIn(req.Header.Get("Content-Type"), req.Body)
	if err != nil || len(sets) == 0 {
		fault(w, 400, fmt.Sprint("no batch: ", err))
		return
	}
	var out bytes.Buffer
	all := multipart.NewWriter(&out)
	for _, set := range sets {
		if err := f.changeSet(all, set, v2); err != nil {
			fault(w, 400, err.Error())
			return
		}
	}
	_ = all.Close()
	w.Header().Set("Content-Type", "multipart/mixed; boundary="+all.Boundary())
	w.WriteHeader(http.StatusAccepted)
	_, _ = w.Write(out.Bytes())
}

// changeSet answers one: success in a multipart, a failure by itself.
func (f *fake) changeSet(all *multipart.Writer, set bodyPart, v2 bool) error {
	ops, err := partsIn(set.kind, strings.NewReader(set.body))
	if err != nil || len(ops) != 1 || ops[0].kind != "application/http" || ops[0].header["Content-Transfer-Encoding"] != "binary" || ops[0].header["Content-Id"] == "" {
		return fmt.Errorf("change set %q: %v", set.body, err)
	}
	req, err := http.ReadRequest(bufio.NewReader(strings.NewReader("" + withSlash(ops[0].body))))
	if err != nil {
		return err
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return err
	}
	status, answer, location := f.change(req.Method, req.URL.Path, req.Header, body, v2)
	text := fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n", status, http.StatusText(status), len(answer))
	if location != "" {
		text += "Location: " + location + "\r\n"
	}
	text += "\r\n" + answer
	httpPart := map[string][]string{"Content-Type": {"application/http"}, "Content-Transfer-Encoding": {"binary"}}
	if status >= 400 {
		p, err := all.CreatePart(httpPart)
		if err == nil {
			_, err = io.WriteString(p, text)
		}
		return err
	}
	var inner bytes.Buffer
	one := multipart.NewWriter(&inner)
	p, err := one.CreatePart(httpPart)
	if err != nil {
		return err
	}
	_, _ = io.WriteString(p, text)
	_ = one.Close()
	outer, err := all.CreatePart(map[string][]string{"Content-Type": {"multipart/mixed; boundary=" + one.Boundary()}})
	if err == nil {
		_, err = outer.Write(inner.Bytes())
	}
	return err
}

// withSlash makes a request of one whose address is relative to the service.
func withSlash(text string) string {
	method, rest, _ := strings.Cut(text, " ")
	return method + " /" + strings.TrimPrefix(rest, "/")
}

type bodyPart struct {
	kind, body string
	header     map[string]string
}

func partsIn(contentType string, r io.Reader) ([]bodyPart, error) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "multipart/mixed" {
		return nil, fmt.Errorf("content type %s", contentType)
	}
	var out []bodyPart
	for m := multipart.NewReader(r, params["boundary"]); ; {
		p, err := m.NextRawPart()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(p)
		if err != nil {
			return nil, err
		}
		header := map[string]string{}
		for name := range p.Header {
			header[name] = p.Header.Get(name)
		}
		out = append(out, bodyPart{p.Header.Get("Content-Type"), string(body), header})
	}
}
