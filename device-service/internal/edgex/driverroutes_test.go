package edgex

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/labstack/echo/v4"

	"sluice/device-service/internal/driver"
)

// The handler of a driver gets the parts of its path, and the rest of the request.
func TestDriverRoutesGetTheirParts(t *testing.T) {
	e := echo.New()
	r := driver.Route{Method: http.MethodGet, Path: "field/{name}/part/{id}", Handler: func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, r.PathValue("name")+" "+r.PathValue("id")+" "+r.URL.Query().Get("q"))
	}}
	e.Add(r.Method, echoPath(r.Path), echoHandler(r))
	res := httptest.NewRecorder()
	e.ServeHTTP(res, httptest.NewRequest(http.MethodGet, "/api/v3/field/a%2Fb/part/7?q=x", nil))
	if res.Code != http.StatusTeapot || res.Body.String() != "a/b 7 x" {
		t.Errorf("%d %q", res.Code, res.Body)
	}
}
