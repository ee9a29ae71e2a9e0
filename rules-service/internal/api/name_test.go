package api_test

import (
	"net/url"
	"testing"
)

// Names are eKuiper's; others would not come through its paths and files.
func TestPlainNames(t *testing.T) {
	b := real(t)
	for _, name := range []string{"a b", "../x", "é", "a.b"} {
		for _, kind := range []string{"sources", "sinks", "connections"} {
			b.refused("PUT", "/metadata/"+kind+"/mqtt/confKeys/"+url.PathEscape(name), `{"server":"tcp://127.0.0.1:1"}`, 400, 1000, "may only have letters, digits, _ and -")
		}
		b.refused("POST", "/connections", `{"id":`+quote(name)+`,"typ":"mqtt","props":{"server":"tcp://127.0.0.1:1"}}`, 400, 1000, "may only have letters")
		b.refused("PUT", "/connections/"+url.PathEscape(name), `{"typ":"mqtt","props":{"server":"tcp://127.0.0.1:1"}}`, 400, 1000, "may only have letters")
		b.refused("POST", "/schemas/protobuf", `{"name":`+quote(name)+`,"content":"message A {}"}`, 400, 1000, "is no name of a schema")
	}
	b.want("GET", "/metadata/resources", "", 200, `{"sinks":null,"sources":null}`+"\n")
	b.want("GET", "/connections", "", 200, "[]\n")
	b.want("PUT", "/metadata/sources/mqtt/confKeys/Line_1-a", `{"server":"tcp://127.0.0.1:1"}`, 200, "")
}
